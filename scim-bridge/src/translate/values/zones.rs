//! Concur's closed list of time zones, and the nearest listed one for zones that providers send.
//!
//! The list has old spellings only and misses many common zones. "Nearest" means the same offset from UTC and the
//! same daylight saving today; where no listed zone has both, there is no alias and the attribute is left out.
//! Windows names are there because Entra sends them. Source: Concur page *Time Zone Reference*.

/// Every zone that Concur takes.
pub(super) const ZONES: &[&str] = &[
    "Africa/Cairo", "Africa/Casablanca", "Africa/Harare", "Africa/Luanda", "Africa/Nairobi", "Africa/Windhoek",
    "America/Anchorage", "America/Argentina/Buenos_Aires", "America/Asuncion", "America/Bahia", "America/Bogota",
    "America/Buenos_Aires", "America/Caracas", "America/Chicago", "America/Chihuahua", "America/Denver",
    "America/Godthab", "America/Guyana", "America/Halifax", "America/Indianapolis", "America/Los_Angeles",
    "America/Manaus", "America/Mexico_City", "America/Montevideo", "America/New_York", "America/Phoenix",
    "America/Regina", "America/Santiago", "America/Sao_Paulo", "America/St_Johns", "America/Swift_Current",
    "America/Tijuana", "Antarctica/Palmer", "Asia/Almaty", "Asia/Amman", "Asia/Baghdad", "Asia/Baku",
    "Asia/Bangkok", "Asia/Beirut", "Asia/Calcutta", "Asia/Colombo", "Asia/Damascus", "Asia/Dhaka", "Asia/Irkutsk",
    "Asia/Jerusalem", "Asia/Kabul", "Asia/Kamchatka", "Asia/Karachi", "Asia/Katmandu", "Asia/Krasnoyarsk",
    "Asia/Magadan", "Asia/Muscat", "Asia/Novosibirsk", "Asia/Rangoon", "Asia/Riyadh", "Asia/Seoul",
    "Asia/Shanghai", "Asia/Singapore", "Asia/Taipei", "Asia/Tbilisi", "Asia/Tehran", "Asia/Tokyo",
    "Asia/Ulaanbaatar", "Asia/Vladivostok", "Asia/Yakutsk", "Asia/Yekaterinburg", "Asia/Yerevan",
    "Atlantic/Azores", "Atlantic/Cape_Verde", "Atlantic/South_Georgia", "Australia/Adelaide",
    "Australia/Brisbane", "Australia/Darwin", "Australia/Hobart", "Australia/Perth", "Australia/Sydney",
    "Etc/GMT-11", "Etc/GMT-2", "Etc/GMT+12", "Europe/Athens", "Europe/Berlin", "Europe/Helsinki",
    "Europe/Kaliningrad", "Europe/London", "Europe/Minsk", "Europe/Moscow", "Europe/Paris", "Europe/Prague",
    "Europe/Sarajevo", "GMT", "GMT-1200", "Indian/Mauritius", "Pacific/Apia", "Pacific/Auckland", "Pacific/Fiji",
    "Pacific/Guadalcanal", "Pacific/Guam", "Pacific/Honolulu", "Pacific/Tongatapu", "UTC",
];

/// (what providers send, the listed zone).
pub(super) const ALIASES: &[(&str, &str)] = &[
    ("Africa/Abidjan", "GMT"),
    ("Africa/Accra", "GMT"),
    ("Africa/Addis_Ababa", "Africa/Nairobi"),
    ("Africa/Johannesburg", "Africa/Harare"),
    ("Africa/Lagos", "Africa/Luanda"),
    ("America/Boise", "America/Denver"),
    ("America/Cancun", "America/Bogota"),
    ("America/Detroit", "America/New_York"),
    ("America/Edmonton", "America/Denver"),
    ("America/Indiana/Indianapolis", "America/Indianapolis"),
    ("America/Lima", "America/Bogota"),
    ("America/Montreal", "America/New_York"),
    ("America/Nuuk", "America/Godthab"),
    ("America/Panama", "America/Bogota"),
    ("America/Puerto_Rico", "America/Manaus"),
    ("America/Toronto", "America/New_York"),
    ("America/Vancouver", "America/Los_Angeles"),
    ("America/Winnipeg", "America/Chicago"),
    ("Asia/Dubai", "Asia/Muscat"),
    ("Asia/Ho_Chi_Minh", "Asia/Bangkok"),
    ("Asia/Hong_Kong", "Asia/Shanghai"),
    ("Asia/Jakarta", "Asia/Bangkok"),
    ("Asia/Kathmandu", "Asia/Katmandu"),
    ("Asia/Kolkata", "Asia/Calcutta"),
    ("Asia/Kuala_Lumpur", "Asia/Singapore"),
    ("Asia/Kuwait", "Asia/Riyadh"),
    ("Asia/Manila", "Asia/Singapore"),
    ("Asia/Qatar", "Asia/Riyadh"),
    ("Asia/Tel_Aviv", "Asia/Jerusalem"),
    ("Asia/Yangon", "Asia/Rangoon"),
    ("Atlantic/Reykjavik", "GMT"),
    ("Australia/Canberra", "Australia/Sydney"),
    ("Australia/Melbourne", "Australia/Sydney"),
    ("Etc/GMT", "GMT"),
    ("Etc/UTC", "UTC"),
    ("Europe/Amsterdam", "Europe/Berlin"),
    ("Europe/Belgrade", "Europe/Sarajevo"),
    ("Europe/Bratislava", "Europe/Prague"),
    ("Europe/Brussels", "Europe/Paris"),
    ("Europe/Bucharest", "Europe/Athens"),
    ("Europe/Budapest", "Europe/Prague"),
    ("Europe/Copenhagen", "Europe/Berlin"),
    ("Europe/Dublin", "Europe/London"),
    ("Europe/Istanbul", "Asia/Riyadh"),
    ("Europe/Kiev", "Europe/Helsinki"),
    ("Europe/Kyiv", "Europe/Helsinki"),
    ("Europe/Lisbon", "Europe/London"),
    ("Europe/Ljubljana", "Europe/Sarajevo"),
    ("Europe/Luxembourg", "Europe/Paris"),
    ("Europe/Madrid", "Europe/Paris"),
    ("Europe/Malta", "Europe/Paris"),
    ("Europe/Oslo", "Europe/Berlin"),
    ("Europe/Riga", "Europe/Helsinki"),
    ("Europe/Rome", "Europe/Berlin"),
    ("Europe/Sofia", "Europe/Helsinki"),
    ("Europe/Stockholm", "Europe/Berlin"),
    ("Europe/Tallinn", "Europe/Helsinki"),
    ("Europe/Vienna", "Europe/Berlin"),
    ("Europe/Vilnius", "Europe/Helsinki"),
    ("Europe/Warsaw", "Europe/Sarajevo"),
    ("Europe/Zagreb", "Europe/Sarajevo"),
    ("Europe/Zurich", "Europe/Berlin"),
    ("US/Arizona", "America/Phoenix"),
    ("US/Central", "America/Chicago"),
    ("US/Eastern", "America/New_York"),
    ("US/Mountain", "America/Denver"),
    ("US/Pacific", "America/Los_Angeles"),
    ("Z", "UTC"),
    // Windows names
    ("AUS Eastern Standard Time", "Australia/Sydney"),
    ("Arabian Standard Time", "Asia/Muscat"),
    ("Central Europe Standard Time", "Europe/Prague"),
    ("Central European Standard Time", "Europe/Sarajevo"),
    ("Central Standard Time", "America/Chicago"),
    ("China Standard Time", "Asia/Shanghai"),
    ("Eastern Standard Time", "America/New_York"),
    ("GMT Standard Time", "Europe/London"),
    ("Greenwich Standard Time", "GMT"),
    ("India Standard Time", "Asia/Calcutta"),
    ("Korea Standard Time", "Asia/Seoul"),
    ("Mountain Standard Time", "America/Denver"),
    ("Pacific Standard Time", "America/Los_Angeles"),
    ("Romance Standard Time", "Europe/Paris"),
    ("Singapore Standard Time", "Asia/Singapore"),
    ("South Africa Standard Time", "Africa/Harare"),
    ("Tokyo Standard Time", "Asia/Tokyo"),
    ("US Mountain Standard Time", "America/Phoenix"),
    ("W. Europe Standard Time", "Europe/Berlin"),
];

#[cfg(test)]
mod tests {
    use super::{ALIASES, ZONES};
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    #[test]
    fn every_alias_leads_to_a_listed_zone_and_is_not_listed_itself() {
        for (from, to) in ALIASES {
            assert!(ZONES.contains(to), "{from} leads to {to}");
            assert!(!ZONES.contains(from), "{from} is listed");
        }
    }

    #[test]
    fn an_alias_has_the_offset_of_its_zone_in_winter_and_in_summer() {
        for (from, to) in ALIASES {
            let (Ok(from_zone), Ok(to_zone)) = (TimeZone::get(from), TimeZone::get(to)) else { continue };
            for day in [date(2026, 1, 15), date(2026, 7, 15)] {
                let noon = TimeZone::UTC.to_timestamp(day.at(12, 0, 0, 0)).unwrap();
                assert_eq!(from_zone.to_offset(noon), to_zone.to_offset(noon), "{from} -> {to} on {day}");
            }
        }
    }
}
