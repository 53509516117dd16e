//! The time stamps of `logTimeFormat` (spec/config.md 2.3): the names and layouts of Go's `time` package.

use herder_config::LogTimeFormat;
use jiff::Zoned;

/// The time in the layout of `format`; empty for [`LogTimeFormat::None`].
pub(super) fn render(format: LogTimeFormat, time: &Zoned) -> String {
    let layout = match format {
        LogTimeFormat::None => return String::new(),
        LogTimeFormat::Ansic => "%a %b %e %H:%M:%S %Y",
        LogTimeFormat::UnixDate => "%a %b %e %H:%M:%S %Z %Y",
        LogTimeFormat::RubyDate => "%a %b %d %H:%M:%S %z %Y",
        LogTimeFormat::Rfc822 => "%d %b %y %H:%M %Z",
        LogTimeFormat::Rfc822Z => "%d %b %y %H:%M %z",
        LogTimeFormat::Rfc850 => "%A, %d-%b-%y %H:%M:%S %Z",
        LogTimeFormat::Rfc1123 => "%a, %d %b %Y %H:%M:%S %Z",
        LogTimeFormat::Rfc1123Z => "%a, %d %b %Y %H:%M:%S %z",
        LogTimeFormat::Rfc3339 => return format!("{}{}", time.strftime("%Y-%m-%dT%H:%M:%S"), offset(time)),
        LogTimeFormat::Rfc3339Nano => {
            return format!(
                "{}{}{}",
                time.strftime("%Y-%m-%dT%H:%M:%S"),
                fraction(time),
                offset(time)
            );
        }
        LogTimeFormat::Kitchen => "%-I:%M%p",
        LogTimeFormat::Stamp => "%b %e %H:%M:%S",
        LogTimeFormat::StampMilli => "%b %e %H:%M:%S%.3f",
        LogTimeFormat::StampMicro => "%b %e %H:%M:%S%.6f",
        LogTimeFormat::StampNano => "%b %e %H:%M:%S%.9f",
    };
    time.strftime(layout).to_string()
}

/// `Z` for UTC, `+02:00` otherwise.
fn offset(time: &Zoned) -> String {
    if time.offset().is_zero() {
        "Z".to_owned()
    } else {
        time.strftime("%:z").to_string()
    }
}

/// The fraction of the second without trailing zeros, with its dot; empty on the full second.
fn fraction(time: &Zoned) -> String {
    let nanoseconds = time.subsec_nanosecond();
    if nanoseconds == 0 {
        return String::new();
    }
    format!(".{nanoseconds:09}").trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use LogTimeFormat::*;

    fn zoned(text: &str) -> Zoned {
        text.parse().expect("a zoned time")
    }

    #[test]
    fn layouts_of_config_md_2_3() {
        let sample = zoned("2006-01-02T15:04:05-07:00[America/Phoenix]");
        let table = [
            (None, ""),
            (Ansic, "Mon Jan  2 15:04:05 2006"),
            (UnixDate, "Mon Jan  2 15:04:05 MST 2006"),
            (RubyDate, "Mon Jan 02 15:04:05 -0700 2006"),
            (Rfc822, "02 Jan 06 15:04 MST"),
            (Rfc822Z, "02 Jan 06 15:04 -0700"),
            (Rfc850, "Monday, 02-Jan-06 15:04:05 MST"),
            (Rfc1123, "Mon, 02 Jan 2006 15:04:05 MST"),
            (Rfc1123Z, "Mon, 02 Jan 2006 15:04:05 -0700"),
            (Rfc3339, "2006-01-02T15:04:05-07:00"),
            (Rfc3339Nano, "2006-01-02T15:04:05-07:00"),
            (Kitchen, "3:04PM"),
            (Stamp, "Jan  2 15:04:05"),
            (StampMilli, "Jan  2 15:04:05.000"),
            (StampMicro, "Jan  2 15:04:05.000000"),
            (StampNano, "Jan  2 15:04:05.000000000"),
        ];
        for (format, expected) in table {
            assert_eq!(render(format, &sample), expected, "{format:?}");
        }
    }

    #[test]
    fn fractions_and_utc() {
        let sample = zoned("2026-11-23T09:08:07.12345+00:00[UTC]");
        let table = [
            (Rfc3339, "2026-11-23T09:08:07Z"),
            (Rfc3339Nano, "2026-11-23T09:08:07.12345Z"),
            (StampMilli, "Nov 23 09:08:07.123"),
            (StampMicro, "Nov 23 09:08:07.123450"),
            (StampNano, "Nov 23 09:08:07.123450000"),
            (Kitchen, "9:08AM"),
            (Rfc1123, "Mon, 23 Nov 2026 09:08:07 UTC"),
        ];
        for (format, expected) in table {
            assert_eq!(render(format, &sample), expected, "{format:?}");
        }
    }
}
