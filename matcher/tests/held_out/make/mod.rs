//! Made-up expense lines with known answers, for any dictionary and any seed.
//!
//! The apps and their names come from the dictionary, everything else from word lists of general knowledge and from
//! what card networks, intermediaries, scanners and people are known to do to a name. Some apps are left out of the
//! dictionary that the lines are decided with: their lines must get no answer. No line is anybody's.

mod noise;
mod random;
mod words;

use matcher::{App, Role};
use random::Random;
use serde::Serialize;

/// A line with what is known about it, in the form of a labelled file.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    pub(crate) id: String,
    #[serde(rename = "VendorDescription")]
    pub(crate) vendor: String,
    #[serde(rename = "BusinessPurpose")]
    pub(crate) purpose: String,
    #[serde(rename = "ExpenseTypeName")]
    pub(crate) expense_type: String,
    #[serde(rename = "SpendCategory")]
    pub(crate) category: String,
    #[serde(rename = "SpendCategoryCode")]
    pub(crate) code: String,
    pub(crate) label: Option<String>,
    pub(crate) acceptable: Vec<Option<String>>,
    pub(crate) class: &'static str,
}

impl Row {
    /// Whether the vendor by itself tells what was paid for.
    #[allow(dead_code, reason = "the example that writes a file has no use for it")]
    pub(crate) fn decided_by_vendor(&self) -> bool {
        let elsewhere = [
            "purpose_only",
            "reseller_invoice",
            "app_store",
            "product_specific",
            "ambiguous_positive",
            "line_of_work",
            "other_of_the_name",
        ];
        !elsewhere.contains(&self.class)
    }
}

/// Lines, and the apps that they may be decided with.
#[derive(Debug)]
pub(crate) struct HeldOut {
    pub(crate) known: Vec<App>,
    pub(crate) rows: Vec<Row>,
}

type Heading = (&'static str, &'static str, &'static str);
const NEUTRAL: Heading = ("Miscellaneous", "Other", "OTHER");

/// Makes about `count` lines of every class.
pub(crate) fn make(apps: &[App], count: usize, seed: u64) -> HeldOut {
    let mut random = Random(seed);
    let is_parent = |id: &str| apps.iter().any(|app| app.parent.as_deref() == Some(id));
    let mut unknown: Vec<App> = Vec::new();
    let mut known: Vec<App> = Vec::new();
    for app in apps {
        let alone = app.parent.is_none() && app.role == Role::App && !is_parent(&app.id);
        let out = alone && !app.ambiguous && random.below(7) == 0;
        if out { unknown.push(app.clone()) } else { known.push(app.clone()) }
    }
    let mut making = Making { random, rows: Vec::new(), known: known.clone() };
    for _ in 0..count {
        making.positives();
        making.negatives(&unknown);
    }
    // Behind all others, so that those stay as they were.
    for _ in 0..count {
        making.lines_of_work();
    }
    HeldOut { known, rows: making.rows }
}

struct Making {
    random: Random,
    rows: Vec<Row>,
    known: Vec<App>,
}

impl Making {
    fn app(&mut self, wanted: impl Fn(&App) -> bool) -> App {
        loop {
            let app = self.random.pick(&self.known);
            if app.role == Role::App && wanted(app) {
                return app.clone();
            }
        }
    }

    /// An app whose name says enough by itself.
    fn plain(&mut self) -> App {
        self.app(|app| !app.ambiguous && app.name.len() > 4)
    }

    /// One of an app's names, in some case.
    fn spelled(&mut self, app: &App) -> String {
        let aliases: Vec<&String> =
            app.aliases.iter().filter(|a| a.len() > 4 && !app.ambiguous_aliases.contains(a)).collect();
        let name = match self.random.below(5) {
            0 if !aliases.is_empty() => (*self.random.pick(&aliases)).clone(),
            1 => match &app.domain {
                Some(domain) if !domain.contains('/') => domain.clone(),
                _ => app.name.clone(),
            },
            _ => app.name.clone(),
        };
        self.cased(&name)
    }

    fn cased(&mut self, name: &str) -> String {
        match self.random.below(3) {
            0 => name.to_owned(),
            1 => name.to_lowercase(),
            _ => name.to_uppercase(),
        }
    }

    /// A weak name as the whole seller, with or without words for what its app does, and such words beside another
    /// seller of that name.
    fn lines_of_work(&mut self) {
        let (categories, texts) = *self.random.pick(&words::LINES_OF_WORK);
        let speaks_of = |app: &App| app.category.as_deref().is_some_and(|c| categories.contains(&c));
        let text = (*self.random.pick(texts)).to_owned();

        let app = self.app(|app| app.ambiguous && speaks_of(app));
        let name = self.cased(&app.name);
        let place = *self.random.pick(&words::PLACES);
        let vendor = match self.random.below(3) {
            0 => name,
            1 => format!("{name} {place}"),
            _ => format!("{name} T{:02} {place}", self.random.below(99)),
        };
        let mut acceptable = vec![Some(app.id.clone())];
        acceptable.extend(app.parent.clone().map(Some));
        self.push("line_of_work", vendor, text.clone(), NEUTRAL, Some(app.id.clone()), acceptable);

        // The same words, paid to a seller that has the name and more.
        let app = self.app(|app| app.ambiguous && speaks_of(app) && !app.name.contains([' ', '.']));
        let more = *self.random.pick(&words::SURNAMES);
        let first = self.random.below(2) == 0;
        let name = if first { format!("{} {more}", app.name) } else { format!("{more} {}", app.name) };
        let vendor = self.cased(&name);
        self.push("other_of_the_name", vendor, text, NEUTRAL, None, vec![]);
    }

    fn paid(&mut self, class: &'static str, app: &App, vendor: String, purpose: Option<String>) {
        let heading = *self.random.pick(&words::SOFTWARE);
        let purpose = purpose.unwrap_or_else(|| (*self.random.pick(&words::PURPOSES)).to_owned());
        let mut acceptable = vec![Some(app.id.clone())];
        acceptable.extend(app.parent.clone().map(Some));
        self.push(class, vendor, purpose, heading, Some(app.id.clone()), acceptable);
    }

    fn push(
        &mut self,
        class: &'static str,
        vendor: String,
        purpose: String,
        heading: Heading,
        label: Option<String>,
        acceptable: Vec<Option<String>>,
    ) {
        let (expense_type, category, code) = heading;
        self.rows.push(Row {
            id: format!("{class}-{}", self.rows.len()),
            // Concur keeps 64 characters.
            vendor: noise::kept(vendor),
            purpose: noise::kept(purpose),
            expense_type: expense_type.to_owned(),
            category: category.to_owned(),
            code: code.to_owned(),
            label,
            acceptable,
            class,
        });
    }

    fn positives(&mut self) {
        let app = self.plain();
        let name = self.spelled(&app);
        self.paid("clean_name", &app, name, None);

        let app = self.plain();
        let name = self.spelled(&app);
        let vendor = noise::with_suffix(&name, &words::PLACES, &mut self.random);
        let bank = if self.random.below(4) == 0 { *self.random.pick(&words::BANKS) } else { "" };
        self.paid("suffix_noise", &app, format!("{bank}{vendor}"), None);

        let app = self.plain();
        let name = if self.random.below(2) == 0 { self.spelled(&app) } else { app.name.to_uppercase() };
        let through = *self.random.pick(&words::INTERMEDIARIES);
        let length = *self.random.pick(&[22, 25, 64]);
        let cut = noise::cut(&format!("{through}{name}"), length);
        let left = cut.chars().count().saturating_sub(through.chars().count());
        if left * 3 >= name.chars().count() * 2 && left >= 6 {
            self.paid("processor_prefix", &app, cut, None);
        }

        let app = self.plain();
        let name = self.spelled(&app);
        let length = *self.random.pick(&[20, 22, 25]);
        let vendor = noise::cut(&noise::with_suffix(&name, &words::PLACES, &mut self.random), length);
        if name.chars().count() <= length {
            self.paid("truncated", &app, vendor, None);
        }

        let app = self.app(|app| !app.ambiguous && app.name.len() > 5);
        let name = self.cased(&app.name);
        let length = name.chars().filter(|c| c.is_alphanumeric()).count();
        let errors = if length >= 9 { 1 + self.random.below(2) } else { 1 };
        let wrong = if self.random.below(2) == 0 {
            noise::scanned(&name, errors, &mut self.random)
        } else {
            noise::mistyped(&name, errors, &mut self.random)
        };
        if let Some(vendor) = wrong {
            let vendor = noise::with_suffix(&vendor, &words::PLACES, &mut self.random);
            self.paid("ocr_typo", &app, vendor, None);
        }

        let app = self.plain();
        let name = self.cased(&app.name);
        let vendor = match self.random.below(4) {
            0 => noise::full_width(&name),
            1 => noise::accented(&name),
            2 => name.replace(' ', ""),
            _ => format!("{}GmbH", app.name.to_uppercase()),
        };
        self.paid("fullwidth_mojibake", &app, vendor, None);

        let app = self.app(|app| app.ambiguous);
        let name = self.cased(&app.name);
        let vendor = match (self.random.below(3), &app.domain) {
            (0, Some(domain)) if !domain.contains('/') => self.cased(domain),
            (1, _) => format!("{name}* SUBSCRIPTION"),
            _ => format!("{name} Pro plan"),
        };
        self.paid("ambiguous_positive", &app, vendor, None);

        let app = self.plain();
        let text = self.random.pick(&words::NAMED).replace("{}", &app.name);
        let vendor = (*self.random.pick(&words::NOBODY)).to_owned();
        self.paid("purpose_only", &app, vendor, Some(text));

        let app = self.plain();
        let text = self.random.pick(&words::RESOLD).replace("{}", &app.name);
        let vendor = (*self.random.pick(&words::RESELLERS)).to_owned();
        self.paid("reseller_invoice", &app, vendor, Some(text));

        let store = ["APPLE.COM/BILL", "ITUNES.COM/BILL", "GOOGLE *PLAY"][self.random.below(3)];
        let app = self.app(|app| !app.ambiguous && app.name.len() > 5 && app.parent.is_none());
        self.paid("app_store", &app, store.to_owned(), Some(format!("{} app subscription", app.name)));

        let product = self.app(|app| app.parent.is_some());
        let parent = self.known.iter().find(|app| Some(&app.id) == product.parent.as_ref()).cloned();
        if let Some(parent) = parent {
            let (payee, bought) = (self.cased(&parent.name), self.cased(&product.name));
            if self.random.below(2) == 0 {
                self.paid("product_specific", &product, payee, Some(format!("{} licences", product.name)));
            } else {
                let rest = bought.to_lowercase().replace(&parent.name.to_lowercase(), "");
                let rest = if self.random.below(2) == 0 { rest.trim().to_uppercase() } else { rest };
                self.paid("product_specific", &product, format!("{payee} {rest}"), None);
            }
        }
    }

    fn nobody(&mut self, class: &'static str, vendor: String, purpose: String, heading: Heading) {
        self.push(class, vendor, purpose, heading, None, vec![None]);
    }

    fn negatives(&mut self, unknown: &[App]) {
        let name = (*self.random.pick(&words::MERCHANTS)).to_owned();
        let name = self.cased(&name);
        let vendor = noise::with_suffix(&name, &words::PLACES, &mut self.random);
        let heading = *self.random.pick(&[
            NEUTRAL,
            ("Office Supplies", "Office Supplies", "OFFIC"),
            ("Undefined", "Other", "OTHER"),
        ]);
        self.nobody("real_merchant", vendor.clone(), String::new(), heading);
        let wrong = noise::scanned(&vendor, 2, &mut self.random).unwrap_or(vendor);
        self.nobody("noised_merchant", noise::cut(&wrong, 22), String::new(), heading);

        let app = self.app(|app| app.name.len() > 3);
        let (text, kind, category, code) = *self.random.pick(&words::OCCASIONS);
        let merchant = (*self.random.pick(&words::MERCHANTS)).to_owned();
        self.nobody("vendor_in_purpose", merchant, text.replace("{}", &app.name), (kind, category, code));

        let app = self.app(|app| app.ambiguous && !app.name.contains('.'));
        let (venue, kind, category, code) = *self.random.pick(&words::VENUES);
        let heading = if self.random.below(2) == 0 { NEUTRAL } else { (kind, category, code) };
        let name = self.cased(&format!("{} {venue}", app.name));
        self.nobody("ambiguous_word", name, String::new(), heading);

        let app = self.app(|app| app.name.len() > 4 && !app.name.contains(['.', ' ']));
        let (venue, kind, category, code) = *self.random.pick(&words::VENUES);
        let near = match self.random.below(3) {
            0 => {
                noise::mistyped(&app.name, 1, &mut self.random).unwrap_or_else(|| format!("{}son", app.name))
            }
            1 => format!("{}ers", app.name.trim_end_matches(['e', 'r'])),
            _ => format!("{}'s", app.name),
        };
        let heading = if self.random.below(2) == 0 { NEUTRAL } else { (kind, category, code) };
        let name = self.cased(&format!("{near} {venue}"));
        self.nobody("near_spelling", name, String::new(), heading);

        let app = self.app(|app| app.name.len() > 3 && app.parent.is_none());
        let (what, purpose) = *self.random.pick(&words::NOT_SOFTWARE);
        self.nobody(
            "same_brand_non_saas",
            format!("{} {what}", app.name.to_uppercase()),
            purpose.to_owned(),
            NEUTRAL,
        );

        let app = self.random.pick(unknown).clone();
        let name = self.spelled(&app);
        let vendor = noise::with_suffix(&name, &words::PLACES, &mut self.random);
        let through = if self.random.below(4) == 0 { *self.random.pick(&words::INTERMEDIARIES) } else { "" };
        let heading = *self.random.pick(&words::SOFTWARE);
        let purpose = (*self.random.pick(&words::PURPOSES)).to_owned();
        self.nobody("unlisted_software", format!("{through}{vendor}"), purpose, heading);

        let text = (*self.random.pick(&words::GENERIC)).to_owned();
        let heading = *self.random.pick(&words::SOFTWARE);
        self.nobody("generic_text", text, String::new(), heading);
    }
}
