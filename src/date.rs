//! A day of the calendar, as suppressions name it and as the clock says it. Days begin at midnight UTC, so that a run gives the same
//! findings everywhere.

use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

/// A day of the Gregorian calendar, in the years 0000 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

const SECONDS_PER_DAY: i64 = 86_400;
/// Days in 400 years, after which the calendar repeats.
const DAYS_PER_ERA: i64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const DAYS_TO_EPOCH: i64 = 719_468;

impl Date {
    /// Today by the clock of the system.
    pub fn today() -> Date {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Date::at(i64::try_from(seconds).unwrap_or(i64::MAX))
    }

    /// The day so many seconds after the beginning of 1970; the first or the last day there is, where that is beyond it.
    pub fn at(seconds: i64) -> Date {
        let days = seconds.div_euclid(SECONDS_PER_DAY) + DAYS_TO_EPOCH;
        // Years are counted from March, so that the day that not every year has is the last of its year.
        let (era, day) = (days.div_euclid(DAYS_PER_ERA), days.rem_euclid(DAYS_PER_ERA));
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day_of_month = day - (153 * month + 2) / 5 + 1;
        let (year, month) = (400 * era + year + i64::from(month >= 10), if month < 10 { month + 3 } else { month - 9 });
        match u16::try_from(year) {
            Ok(year) if year <= 9_999 => Date { year, month: month as u8, day: day_of_month as u8 },
            _ if year < 0 => Date { year: 0, month: 1, day: 1 },
            _ => Date { year: 9_999, month: 12, day: 31 },
        }
    }

    fn days_of_month(year: u16, month: u8) -> u8 {
        let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if is_leap => 29,
            2 => 28,
            _ => 0,
        }
    }
}

/// `2027-03-31`
impl FromStr for Date {
    type Err = ();

    fn from_str(text: &str) -> Result<Date, ()> {
        let mut parts = text.split('-');
        let mut part = |width: usize| {
            let digits = parts.next().filter(|part| part.len() == width && part.bytes().all(|b| b.is_ascii_digit()));
            digits.and_then(|digits| digits.parse::<u16>().ok()).ok_or(())
        };
        let (year, month, day) = (part(4)?, part(2)? as u8, part(2)? as u8);
        let exists = parts.next().is_none() && (1..=Date::days_of_month(year, month)).contains(&day);
        exists.then_some(Date { year, month, day }).ok_or(())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_days() {
        for (seconds, day) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (86_399, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_735_603_200, "2024-12-31"),
            (4_107_542_400, "2100-03-01"),
            (253_402_300_799, "9999-12-31"),
            (i64::MAX, "9999-12-31"),
            (i64::MIN, "0000-01-01"),
        ] {
            assert_eq!(Date::at(seconds).to_string(), day, "{seconds}");
        }
    }

    #[test]
    fn every_day_follows_the_one_before_it() {
        let mut before = Date::at(-SECONDS_PER_DAY);
        for day in 0..60_000 {
            let date = Date::at(day * SECONDS_PER_DAY);
            assert!(date > before && date.to_string().parse() == Ok(date), "{before} {date}");
            before = date;
        }
    }

    #[test]
    fn only_days_that_exist_are_read() {
        for text in [
            "2027-02-29",
            "2100-02-29",
            "2027-13-01",
            "2027-00-10",
            "2027-04-31",
            "2027-4-01",
            "27-04-01",
            "2027-04",
            "2027-04-01-",
            "2027/04/01",
            "+027-04-01",
            "",
            "soon",
            "2027-04-01 ",
        ] {
            assert_eq!(text.parse::<Date>(), Err(()), "{text}");
        }
        assert!("2028-02-29".parse::<Date>().is_ok());
    }
}
