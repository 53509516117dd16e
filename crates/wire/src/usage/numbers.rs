//! Takes a few numbers out of a JSON object by their paths, without building the rest of it. Whatever has another type
//! than expected is not there.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A number as it stands in the document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    /// A whole one that is not negative.
    Count(u64),
    /// Any other.
    Real(f64),
}

/// The numbers at these paths of an object, whose members are separated by `/`. `None` when the text is no object.
pub(super) fn numbers<const COUNT: usize>(
    text: &[u8],
    paths: &'static [&'static str; COUNT],
) -> Option<[Option<Number>; COUNT]> {
    let mut found = [None; COUNT];
    let mut reader = serde_json::Deserializer::from_slice(text);
    let object = Object {
        paths,
        prefix: "",
        found: &mut found,
    };
    reader.deserialize_map(object).ok()?;
    reader.end().ok()?;
    Some(found)
}

/// An object of which some members count.
struct Object<'found> {
    paths: &'static [&'static str],
    /// Where it stands: paths that go on from here begin with this.
    prefix: &'static str,
    /// In the order of the paths.
    found: &'found mut [Option<Number>],
}

/// What a key leads to.
enum Member {
    /// The number at this place of the list.
    Wanted(usize),
    /// An object with wanted members, all of whose paths begin with this.
    Outer(&'static str),
    Other,
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self { paths, prefix, found } = self;
        while let Some(member) = members.next_key_seed(Key { paths, prefix })? {
            match member {
                Member::Wanted(place) => found[place] = members.next_value_seed(Leaf)?,
                Member::Outer(prefix) => {
                    // Said before already, perhaps: the last one counts, with what it lacks, too.
                    for (path, found) in paths.iter().zip(&mut *found) {
                        if path.starts_with(prefix) {
                            *found = None;
                        }
                    }
                    members.next_value_seed(Inner(Object {
                        paths,
                        prefix,
                        found: &mut *found,
                    }))?;
                }
                Member::Other => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Compares a key with the paths, without a copy of it.
struct Key {
    paths: &'static [&'static str],
    prefix: &'static str,
}

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Member;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Member, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Member;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Member, E> {
        // Such a key would look like the path to a member of a member.
        if key.contains('/') {
            return Ok(Member::Other);
        }
        let end = self.prefix.len() + key.len();
        for (place, path) in self.paths.iter().enumerate() {
            // The length first, which tells most of them apart: comparing every key with every path took far longer than it looks
            // (docs/performance.md, "A request").
            let member = match path.as_bytes().get(end) {
                None if path.len() == end => Member::Wanted(place),
                Some(b'/') => Member::Outer(&path[..=end]),
                None | Some(_) => continue,
            };
            if path.starts_with(self.prefix) && path[self.prefix.len()..].starts_with(key) {
                return Ok(member);
            }
        }
        Ok(Member::Other)
    }
}

/// A value that should be an object inside of the other.
struct Inner<'found>(Object<'found>);

/// A value that should be a number.
struct Leaf;

/// Both read anything; these are the types that neither wants.
macro_rules! nothing_else {
    ($nothing:expr) => {
        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("anything")
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
            Ok($nothing)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
            while elements.next_element::<IgnoredAny>()?.is_some() {}
            Ok($nothing)
        }
    };
}

impl<'de> DeserializeSeed<'de> for Inner<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Inner<'_> {
    type Value = ();

    nothing_else!(());

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<(), A::Error> {
        self.0.visit_map(members)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Leaf {
    type Value = Option<Number>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Number>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Leaf {
    type Value = Option<Number>;

    nothing_else!(None);

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Option<Number>, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Option<Number>, E> {
        Ok(Some(Number::Count(number)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Option<Number>, E> {
        #[expect(clippy::cast_precision_loss, reason = "negative: it counts as none anyway")]
        let number = number as f64;
        Ok(Some(Number::Real(number)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Option<Number>, E> {
        Ok(Some(Number::Real(number)))
    }
}
