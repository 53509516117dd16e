//! Flags with values: `--name value`, each at most once.

use std::collections::BTreeMap;
use std::str::FromStr;

use anyhow::{Context, Result, anyhow, ensure};

#[derive(Debug)]
pub(crate) struct Flags(BTreeMap<String, String>);

impl Flags {
    /// # Errors
    /// A word that is no flag, a flag without its value, or one that comes twice.
    pub(crate) fn parse(words: &[String]) -> Result<Self> {
        let mut flags = BTreeMap::new();
        for pair in words.chunks(2) {
            let name = pair[0]
                .strip_prefix("--")
                .with_context(|| format!("{} is no flag", pair[0]))?;
            let value = pair.get(1).with_context(|| format!("--{name} needs a value"))?;
            let before = flags.insert(name.to_owned(), value.clone());
            ensure!(before.is_none(), "--{name} comes twice");
        }
        Ok(Self(flags))
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str> {
        self.text(name).with_context(|| format!("--{name} is missing"))
    }

    pub(crate) fn number<T: FromStr>(&self, name: &str) -> Result<T> {
        let text = self.required(name)?;
        text.parse()
            .map_err(|_| anyhow!("--{name}: '{text}' is out of range"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn flags_have_one_value() {
        let flags = Flags::parse(&words("--port 80 --model m")).unwrap();
        assert_eq!(flags.number::<u16>("port").unwrap(), 80);
        assert_eq!(flags.text("model"), Some("m"));
        assert!(flags.number::<u16>("model").is_err() && flags.required("body").is_err());
        for broken in ["port 80", "--port", "--port 1 --port 2"] {
            assert!(Flags::parse(&words(broken)).is_err(), "{broken}");
        }
    }
}
