//! What was said about a file counts for the next one with the same headings.

use sync::import::{self, Earlier, ImportError, Options, Wanted};

use crate::import::{account, file, on_each, run, there};

/// Headings that nobody recognises.
const JANUARY: &str = "Wann,Was,Preis\n01/02/2026,Zoom,\"1,50\"\n";
const FEBRUARY: &str = "wann,WAS,preis\n03/02/2026,Zoom,\"2,50\"\n";

fn said(words: &[&str], date_order: Option<&str>, currency: Option<&str>) -> Options {
    let map = words.iter().map(|word| (*word).to_owned()).collect();
    let own = |word: Option<&str>| word.map(str::to_owned);
    Wanted { map, date_order: own(date_order), currency: own(currency), ..Wanted::default() }
        .options()
        .unwrap()
}

#[test]
fn the_next_file_with_the_same_headings_is_read_as_the_last_one() {
    on_each(|store| {
        let (acme, other) = (account(store, "Acme"), account(store, "Other"));
        let (january, february) =
            (file("january.csv", JANUARY.as_bytes()), file("february.csv", FEBRUARY.as_bytes()));
        let nothing = Options::default();
        let all = said(
            &["TransactionDate=Wann", "VendorDescription=#2", "PostedAmount=Preis"],
            Some("DMY"),
            Some("EUR"),
        );
        let refused = run(store, acme, &january, &nothing).unwrap_err();
        assert!(matches!(refused, ImportError::MissingColumn { .. }), "{refused}");
        let first = run(store, acme, &january, &all).unwrap();
        assert_eq!(first.check.survey.remembered, None);

        let next = run(store, acme, &february, &nothing).unwrap();
        let remembered = next.check.survey.remembered.unwrap();
        assert_eq!(
            (remembered.file.as_str(), remembered.said.to_string().as_str()),
            (
                "january.csv",
                "VendorDescription=#2, TransactionDate=Wann, PostedAmount=Preis, dates DMY, currency EUR"
            )
        );
        let expected = [("2026-02-01", "1.5 EUR"), ("2026-02-03", "2.5 EUR")];
        let lines = |account| {
            let page = store.store.read_blocking(|conn| {
                store::lines::page(conn, account, &store::lines::Filter::default(), None, 10)
            });
            let mut lines: Vec<_> = page
                .unwrap()
                .rows
                .into_iter()
                .map(|(line, _)| {
                    let amount = format!("{} {}", line.posted.amount, line.posted.currency);
                    (line.transaction_date.to_string(), amount)
                })
                .collect();
            lines.sort();
            lines
        };
        assert_eq!(lines(acme), expected.map(|(day, amount)| (day.to_owned(), amount.to_owned())));

        let third = run(store, acme, &february, &nothing).unwrap().check.survey.remembered.unwrap();
        assert_eq!(third.file, "january.csv", "nothing was said about february");

        assert!(run(store, other, &february, &nothing).is_err(), "{}: another account's", store.name);
        let reordered = file("march.csv", b"Was,Wann,Preis\nZoom,01/02/2026,1\n");
        assert!(run(store, acme, &reordered, &nothing).is_err(), "other headings");
    });
}

#[test]
fn what_is_said_anew_wins_and_as_new_forgets() {
    on_each(|store| {
        let acme = account(store, "Acme");
        let january = file("january.csv", JANUARY.as_bytes());
        let columns = ["TransactionDate=Wann", "VendorDescription=Was", "PostedAmount=Preis"];
        run(store, acme, &january, &said(&columns, Some("DMY"), Some("EUR"))).unwrap();
        let check = |options: &Options| {
            let earlier = Earlier { store: &store.store, account: acme };
            import::check(&january.upload, options, Some(earlier), &mut |_, _| Ok(()))
        };

        // A check changes nothing for the next file.
        let dollars = check(&said(&[], None, Some("USD"))).unwrap();
        assert_eq!((dollars.sums[0].currency.as_str(), dollars.accepted), ("USD", 1));
        assert_eq!(check(&Options::default()).unwrap().sums[0].currency, "EUR");
        // An import does, and the other words stay.
        run(store, acme, &january, &said(&["BusinessPurpose=Was", "VendorDescription="], Some("MDY"), None))
            .unwrap();
        let now = check(&Options::default()).unwrap();
        assert_eq!(now.dates.unwrap().0.to_string(), "2026-01-02");
        assert_eq!(
            now.survey.remembered.unwrap().said.to_string(),
            "VendorDescription=, BusinessPurpose=Was, TransactionDate=Wann, PostedAmount=Preis, dates MDY, currency EUR"
        );

        let alone = Options { as_new: true, ..Options::default() };
        assert!(check(&alone).is_err());
        let again = Options { as_new: true, ..said(&columns, Some("DMY"), Some("CHF")) };
        assert_eq!(run(store, acme, &january, &again).unwrap().check.survey.remembered, None);
        let now = check(&Options::default()).unwrap();
        assert_eq!(now.sums[0].currency, "CHF");
        assert_eq!(now.survey.remembered.unwrap().said.map.len(), 3, "nothing of before");

        // Headings that are recognised need no words; with none there is nothing to remember.
        let plain = file("plain.csv", b"Date,Vendor,Amount,Currency\n2026-01-03,Zoom,1,EUR\n");
        run(store, acme, &plain, &said(&["VendorDescription=Vendor"], None, None)).unwrap();
        run(store, acme, &plain, &alone).unwrap();
        let earlier = Earlier { store: &store.store, account: acme };
        let plain =
            import::check(&plain.upload, &Options::default(), Some(earlier), &mut |_, _| Ok(())).unwrap();
        assert_eq!(plain.survey.remembered, None);
        assert!(!there(store, acme).is_empty());
    });
}
