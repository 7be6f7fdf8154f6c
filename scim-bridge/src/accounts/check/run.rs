//! Asks the questions of a check, one after the other, and stops where the next one cannot be answered.

use std::sync::Arc;

use concur::api::{ExpenseUser, LookupAttribute, ReportQuery};
use concur::auth::{self, Credentials, Grant, TokenSet};
use concur::model::Report as ExpenseReport;
use concur::{Client, Error, Http, Origin, UserId};
use secrecy::ExposeSecret as _;
use store::Store;
use store::accounts::{Account, AuthenticationType};
use store::concur_calls::{self, Calls};
use store::credentials::{self, Kind};

use super::reads::{self, Read};
use super::{CHECKS, Finding, Plan, Report, employee_form, network, scopes, token};
use crate::accounts::token_store::HeldTokens;
use crate::accounts::{ClientSettings, Clients, NewConnection, scopes as planner};
use crate::clock::Clock;
use crate::translate::EmployeeForm;

/// Checks a stored connection. Its token is refreshed, by which a scope that was added since is seen. The calls of the
/// check itself are not counted as use of a scope, unless `clients` are those that the product works with.
///
/// # Errors
/// A store that is away. Whatever Concur answers is a finding.
pub async fn check_connected(
    store: &Store,
    clock: &Clock,
    clients: &Clients,
    settings: &ClientSettings,
    account: &Account,
    plan: &Plan,
) -> Result<Report, store::Error> {
    let id = account.id;
    let known = move |conn: &mut store::Conn| {
        let client_id = credentials::get(conn, id, Kind::ClientId)?;
        Ok((client_id, concur_calls::list(conn, id)?))
    };
    let (client_id, calls) = store.read(known).await?;
    let mut check = Check::new(plan, account.authentication_type == AuthenticationType::CompanyLevel, calls);
    let address = account.geolocation.as_deref().unwrap_or(&account.base_uri);
    let Some((_, origin)) = check.network(settings, clock, &account.base_uri, address).await else {
        return Ok(check.end("Concur was not reached"));
    };
    check.push(token::client_id(client_id.as_ref().map_or("", |id| id.expose_secret())));
    let client = match clients.get(id).await {
        Ok(client) => client,
        Err(crate::accounts::ClientError::Store(error)) => return Err(error),
        Err(error) => {
            check.push(Finding::failed("token", error.to_string(), "connect again"));
            return Ok(check.end("there is no token"));
        }
    };
    let refreshed = client.refresh().await;
    check.push(token::token(refreshed.as_ref(), clock.now()));
    let grants = token::grants(None, Some(refreshed.as_ref().map(drop)));
    let Ok(tokens) = refreshed else {
        check.push(grants);
        return Ok(check.end("there is no token"));
    };
    check.push(token::geolocation(&origin, &tokens.geolocation));
    check.push(grants);
    check.opened(&client, &tokens).await;
    Ok(check.end(""))
}

/// Checks what somebody typed, and stores nothing. The grant is exchanged: a company request token may be good for one
/// exchange only.
pub async fn check_new(clock: &Clock, settings: &ClientSettings, new: &NewConnection, plan: &Plan) -> Report {
    let mut check = Check::new(plan, matches!(new.grant, Grant::Company { .. }), Vec::new());
    let Some((http, origin)) = check.network(settings, clock, &new.base_uri, &new.base_uri).await else {
        return check.end("Concur was not reached");
    };
    check.push(token::client_id(new.client_id.expose_secret()));
    let credentials = Credentials {
        client_id: new.client_id.expose_secret().to_owned(),
        client_secret: new.client_secret.clone(),
    };
    let exchanged = auth::exchange(&http, &origin, &credentials, &new.grant, clock.now()).await;
    check.push(token::token(exchanged.as_ref(), clock.now()));
    let tokens = match exchanged {
        Ok(tokens) => tokens,
        Err(error) => {
            check.push(token::grants(Some(&error), None));
            return check.end("there is no token");
        }
    };
    let held = Arc::new(HeldTokens::new(tokens.clone()));
    let client = match settings.client(clock, credentials, held) {
        Ok(client) => client,
        Err(error) => {
            check.push(Finding::failed("grants", error.to_string(), "install the system's certificates"));
            return check.end("there is no client");
        }
    };
    let refreshed = client.refresh().await;
    check.push(token::geolocation(&origin, &tokens.geolocation));
    check.push(token::grants(None, Some(refreshed.as_ref().map(drop))));
    check.opened(&client, &refreshed.unwrap_or(tokens)).await;
    check.end("")
}

/// The findings so far.
struct Check<'a> {
    plan: &'a Plan,
    company_level: bool,
    calls: Vec<Calls>,
    report: Report,
}

impl<'a> Check<'a> {
    fn new(plan: &'a Plan, company_level: bool, calls: Vec<Calls>) -> Self {
        Self { plan, company_level, calls, report: Report { findings: Vec::new(), scopes: Vec::new() } }
    }

    fn push(&mut self, finding: Finding) {
        self.report.findings.push(finding);
    }

    /// The report, with what was not asked named as skipped.
    fn end(mut self, why: &str) -> Report {
        let asked = |name: &str, found: &[Finding]| found.iter().any(|finding| finding.check == name);
        for (name, _) in CHECKS {
            if !asked(name, &self.report.findings) {
                self.push(Finding::skipped(name, why));
            }
        }
        let place = |finding: &Finding| CHECKS.iter().position(|(name, _)| *name == finding.check);
        self.report.findings.sort_by_key(place);
        self.report
    }

    /// From the address to an answer; `None` when there was none.
    async fn network(
        &mut self,
        settings: &ClientSettings,
        clock: &Clock,
        typed: &str,
        address: &str,
    ) -> Option<(Http, Origin)> {
        let judged = settings.host_policy.origin(typed);
        self.push(network::base_uri(typed, judged.as_ref()));
        let (typed, called) = (judged.ok()?, settings.host_policy.origin(address).ok()?);
        let http = match Http::new(&settings.http, settings.host_policy.clone()) {
            Ok(http) => http,
            Err(error) => {
                self.push(Finding::failed("tls", error.to_string(), "install the system's certificates"));
                return None;
            }
        };
        let found = http.look_up(&called).await;
        self.push(network::dns(&called, http.proxy(), &found));
        if !found.is_ok_and(|found| !found.allowed.is_empty()) {
            return None;
        }
        let reached = http.reach(&called, clock.now()).await;
        self.push(network::tls(&called, reached));
        reached.is_ok().then_some((http, typed))
    }

    /// Everything that takes a token.
    async fn opened(&mut self, client: &Client, tokens: &TokenSet) {
        let granted = tokens.scopes.as_slice();
        self.report.scopes = planner::table(&self.plan.wanted, granted, &self.calls);
        self.report.findings.extend(scopes::findings(self.plan, granted));
        let report = self.reports(client, granted).await;
        self.entries(client, granted, report.as_ref()).await;
        let user = self.users(client, granted).await;
        self.business_purpose(client, granted, report.as_ref()).await;
        self.user_data(client, granted, user).await;
    }

    async fn reports(&mut self, client: &Client, granted: &[String]) -> Option<ExpenseReport> {
        let ask = |user| {
            let query = ReportQuery { user, limit: Some(1), ..ReportQuery::default() };
            client.expenses().reports(&query)
        };
        match ask(ExpenseUser::All).page(None).await {
            Ok(page) => {
                self.push(reads::role(Ok(()), None));
                let newest = page.items.into_iter().next();
                self.push(reads::some_reports(newest.is_some()));
                newest
            }
            Err(error) => {
                let own = ask(ExpenseUser::TokenOwner).page(None).await.map(drop);
                self.push(reads::role(Err(&error), Some(own.as_ref())));
                if own.is_ok() {
                    self.push(Finding::skipped(Read::Reports.check(), "see role"));
                } else {
                    self.push(reads::failed(Read::Reports, &error, self.plan, granted));
                }
                None
            }
        }
    }

    async fn entries(&mut self, client: &Client, granted: &[String], report: Option<&ExpenseReport>) {
        let Some(report) = report else {
            self.push(Finding::skipped(Read::Entries.check(), "no report to read entries of"));
            return;
        };
        let read = client.expenses().entries(&report.id).page(None).await.map(drop);
        self.judge(Read::Entries, granted, read);
    }

    async fn users(&mut self, client: &Client, granted: &[String]) -> Option<UserId> {
        if !self.company_level {
            self.push(Finding::skipped(
                Read::Users.check(),
                "only a company-level connection can read users",
            ));
            return None;
        }
        match client.identity().list(1, None).await {
            Ok(page) => {
                self.push(Finding::ok(Read::Users.check(), "answered"));
                page.items.first().map(concur::model::IdentityUser::id)
            }
            Err(error) => {
                self.push(reads::failed(Read::Users, &error, self.plan, granted));
                None
            }
        }
    }

    /// v4 names the owner by UUID, which Identity knows.
    async fn business_purpose(
        &mut self,
        client: &Client,
        granted: &[String],
        report: Option<&ExpenseReport>,
    ) {
        let check = Read::BusinessPurpose.check();
        let login = report.and_then(|report| Some((report, report.owner_login_id.as_deref()?)));
        let Some((report, login)) = login else {
            self.push(Finding::skipped(check, "no report with an owner to read it of"));
            return;
        };
        if !self.company_level {
            let why = "v4 names the owner by UUID, which only a company-level connection can look up";
            self.push(Finding::skipped(check, why));
            return;
        }
        let found = client.identity().find_by(LookupAttribute::UserName, login).await;
        let owner = found.ok().and_then(|users| users.first().map(concur::model::IdentityUser::id));
        let Some(owner) = owner else {
            self.push(Finding::skipped(check, "the report's owner was not found among the users"));
            return;
        };
        let read = client.expense_reports().expenses(&owner, &report.id).await.map(drop);
        self.judge(Read::BusinessPurpose, granted, read);
    }

    async fn user_data(&mut self, client: &Client, granted: &[String], user: Option<UserId>) {
        if !self.company_level {
            let why = "only a company-level connection can read it";
            for read in [Read::Spend, Read::Travel, Read::Schemas] {
                self.push(Finding::skipped(read.check(), why));
            }
            self.push(Finding::skipped(employee_form::CHECK, why));
            return;
        }
        if let Some(user) = user {
            let read = client.spend().get_user(&user).await.map(drop);
            self.judge(Read::Spend, granted, read);
            let read = client.travel().get_user(&user).await.map(drop);
            self.judge(Read::Travel, granted, read);
        } else {
            for read in [Read::Spend, Read::Travel] {
                self.push(Finding::skipped(read.check(), "no user to read it of"));
            }
        }
        let read = client.provisioning().schemas().await.map(drop);
        self.judge(Read::Schemas, granted, read);
        let read = client.spend().form_fields(None).await;
        self.push(employee_form::finding(read.map(|fields| EmployeeForm::from_concur(&fields))));
    }

    fn judge(&mut self, read: Read, granted: &[String], answer: Result<(), Error>) {
        self.push(match answer {
            Ok(()) => Finding::ok(read.check(), "answered"),
            Err(error) => reads::failed(read, &error, self.plan, granted),
        });
    }
}
