//! Prometheus' text format 0.0.4: families with their help and type, samples with their labels.

use std::fmt::{Display, Write};

/// The type of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Goes up and down.
    Gauge,
    /// Only goes up.
    Counter,
    /// Counts durations in classes.
    Histogram,
}

/// A text in the making.
#[derive(Debug, Default)]
pub(crate) struct Exposition {
    text: String,
}

/// A family whose samples are being written.
pub(crate) struct Family<'a> {
    text: &'a mut String,
    name: &'a str,
}

impl Exposition {
    /// Begins a family. Its samples must follow before the next one begins.
    pub(crate) fn family<'a>(&'a mut self, name: &'a str, kind: Kind, help: &str) -> Family<'a> {
        let kind = match kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
            Kind::Histogram => "histogram",
        };
        // Writing into a String cannot fail.
        let _ = write!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
        Family {
            text: &mut self.text,
            name,
        }
    }

    /// The whole text.
    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

impl Family<'_> {
    /// Writes one sample.
    pub(crate) fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.part("", labels, value);
    }

    /// Writes one sample of a part of the family, such as `_sum`.
    pub(super) fn part(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        self.text.push_str(self.name);
        self.text.push_str(suffix);
        write_labels(self.text, labels);
        let _ = writeln!(self.text, " {value}");
    }
}

fn write_labels(text: &mut String, labels: &[(&str, &str)]) {
    for (position, (name, value)) in labels.iter().enumerate() {
        text.push(if position == 0 { '{' } else { ',' });
        text.push_str(name);
        text.push_str("=\"");
        for character in value.chars() {
            match character {
                '\\' => text.push_str("\\\\"),
                '"' => text.push_str("\\\""),
                '\n' => text.push_str("\\n"),
                other => text.push(other),
            }
        }
        text.push('"');
    }
    if !labels.is_empty() {
        text.push('}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_1_13_the_text_format() {
        let mut exposition = Exposition::default();
        exposition
            .family("a_total", Kind::Counter, "Things.")
            .sample(&[], 7);
        let mut family = exposition.family("b", Kind::Gauge, "Other things.");
        family.sample(&[("x", "1")], 0.5);
        family.sample(&[("x", "a\\b\"c\nd"), ("y", "")], u64::MAX);
        assert_eq!(
            exposition.into_text(),
            "# HELP a_total Things.\n# TYPE a_total counter\na_total 7\n\
             # HELP b Other things.\n# TYPE b gauge\nb{x=\"1\"} 0.5\n\
             b{x=\"a\\\\b\\\"c\\nd\",y=\"\"} 18446744073709551615\n"
        );
    }
}
