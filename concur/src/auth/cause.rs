//! The error table of the token endpoint: Concur's code, what it means in a sentence, and who can mend it.
//! Source: Authentication, "OAuth2 0/invalid … error codes"; Company Level Authentication (134, 136).

/// Who can mend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// A person at the customer: a new request token, a password, a right.
    Operator,
    /// The application's registration at SAP Concur, or our settings for it.
    Configuration,
    /// A fault of this program.
    Bug,
    /// Nobody: it passes.
    Retry,
    /// Not known, since no documented code came: perhaps it passes, and no connection is given up for it.
    Unknown,
}

macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident: $($code:literal)|* => $remedy:ident, $meaning:literal, $next:literal;)*) => {
        /// Why the token endpoint refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum TokenCause {
            $($(#[$doc])* $name,)*
            /// A code that the documentation does not list, or none.
            Unlisted,
            /// The answer to a grant carried no refresh token.
            NoRefreshToken,
        }

        impl TokenCause {
            /// The cause that Concur's code stands for.
            pub fn from_code(code: u32) -> Self {
                match code {
                    $($($code)|* => Self::$name,)*
                    _ => Self::Unlisted,
                }
            }

            /// Every documented code with its cause, in the order of the causes: for the tables that the command line,
            /// the console and the documentation show.
            pub fn documented() -> impl Iterator<Item = (u32, Self)> {
                let codes: &[(&[u32], Self)] = &[$((&[$($code),*], Self::$name)),*];
                codes.iter().flat_map(|(codes, cause)| codes.iter().map(|code| (*code, *cause)))
            }

            /// Who can mend it.
            pub fn remedy(self) -> Remedy {
                match self {
                    $(Self::$name => Remedy::$remedy,)*
                    Self::Unlisted => Remedy::Unknown,
                    Self::NoRefreshToken => Remedy::Configuration,
                }
            }

            /// What is wrong, in words.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => $meaning,)*
                    Self::Unlisted => UNLISTED.0,
                    Self::NoRefreshToken => NO_REFRESH_TOKEN.0,
                }
            }

            /// What to do about it, in words.
            pub fn next_step(self) -> &'static str {
                match self {
                    $(Self::$name => $next,)*
                    Self::Unlisted => UNLISTED.1,
                    Self::NoRefreshToken => NO_REFRESH_TOKEN.1,
                }
            }
        }
    };
}

const UNLISTED: (&str, &str) = (
    "the request was refused for a reason the documentation does not list",
    "it is tried again later; if it stays, check that an administrator has connected the application",
);
const NO_REFRESH_TOKEN: (&str, &str) = (
    "the answer carried no refresh token",
    "ask SAP Concur to allow the grant refresh_token for the application",
);

causes! {
    /// Wrong password, request token or client.
    WrongCredentials: 5 | 19 => Operator, "the credentials are wrong or have expired",
        "enter the password again or create a new company request token";
    /// The account is disabled.
    AccountDisabled: 10 | 11 => Operator, "the account is disabled",
        "ask the company's administrator to enable it";
    /// Logon denied, usually for the address it comes from.
    LogonDenied: 12 | 13 | 20 => Operator, "the logon was denied",
        "check the company's IP restrictions";
    /// The account is locked.
    AccountLocked: 14 => Operator, "the account is locked",
        "ask the company's administrator to unlock it";
    /// The user lives in another data centre.
    Elsewhere: 16 => Configuration, "the company lives in another data centre",
        "use the base URI that the answer names";
    /// The site allows single sign-on only.
    SingleSignOnOnly: 21 => Operator, "this company logs in by single sign-on only",
        "connect at company level instead";
    /// A member of the request is missing.
    MissingMember: 51 | 52 | 62 | 63 | 65 | 106 => Bug, "the token request was incomplete",
        "please report this";
    /// The company has not enabled this application.
    CompanyNotEnabled: 53 => Operator, "the company has not enabled this application",
        "ask its administrator to connect it in the App Center";
    /// More scopes were asked for than the application holds.
    ScopeTooLarge: 54 => Configuration, "the application does not hold the scopes that were asked for",
        "ask SAP Concur to assign them to it";
    /// The user name is unknown.
    UnknownUser: 55 | 100 => Operator, "the user name is unknown",
        "check its spelling";
    /// The application is disabled.
    ClientDisabled: 59 => Operator, "the application is disabled",
        "ask SAP Concur to enable it";
    /// The grant is not allowed for this application.
    GrantNotAllowed: 60 => Configuration, "the application may not use this kind of authentication",
        "ask SAP Concur to allow its grant";
    /// The client id is unknown here.
    ClientNotFound: 61 => Configuration, "the client id is unknown here",
        "check the client id, and that a sandbox uses a sandbox base URI";
    /// Wrong client secret.
    WrongClientCredentials: 64 => Configuration, "the client secret is wrong",
        "copy it again from the application's page";
    /// Refreshing is not allowed for this application.
    RefreshNotAllowed: 107 => Configuration, "the application may not refresh tokens",
        "ask SAP Concur to allow the grant refresh_token";
    /// The refresh token is bad, revoked or older than six months.
    RefreshTokenDead: 108 => Operator, "the connection has ended",
        "connect again with a new company request token or password";
    /// Members of flows that are not used here.
    OtherFlow: 56 | 57 | 58 | 80 | 81 | 82 | 83 | 84 | 85 | 101 | 102 | 103 | 104 | 105 | 109 | 115 | 117 | 118 | 119 | 121 | 122 | 124 => Bug, "the token request belonged to another flow",
        "please report this";
    /// `credtype` is invalid.
    InvalidCredtype: 120 => Bug, "the token request named an unknown kind of credentials",
        "please report this";
    /// The principal is disabled.
    PrincipalDisabled: 123 => Operator, "the user or company is disabled",
        "ask the company's administrator";
    /// The company is under maintenance.
    Maintenance: 134 => Retry, "the company is under scheduled maintenance",
        "it will be tried again later";
    /// The format of the request, such as a charset, is not supported.
    UnsupportedFormat: 135 => Bug, "the token request had an unsupported format",
        "please report this";
    /// The request token was made for another application.
    ForeignRequestToken: 136 => Operator, "the company request token was made for another application",
        "create one for this application's client id";
    /// The password must be changed first.
    PasswordMustChange: 139 => Operator, "the password has expired",
        "change it at SAP Concur first";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_documented_code_has_a_cause_and_a_remedy() {
        #[track_caller]
        fn check(codes: impl IntoIterator<Item = u32>, remedy: Remedy) {
            for code in codes {
                let cause = TokenCause::from_code(code);
                assert_ne!(cause, TokenCause::Unlisted, "{code}");
                assert_eq!(cause.remedy(), remedy, "{code}");
                assert!(cause.meaning().len() > 15 && cause.next_step().len() > 10, "{code}");
            }
        }
        check([5, 19, 10, 11, 12, 13, 20, 14, 21, 53, 55, 100, 59, 108, 123, 136, 139], Remedy::Operator);
        check([54, 60, 61, 64, 107, 16], Remedy::Configuration);
        check([51, 52, 62, 63, 65, 106, 109, 115, 117, 118, 119, 120, 121, 122, 124, 135], Remedy::Bug);
        check([56, 57, 58].into_iter().chain(80..=85).chain(101..=105), Remedy::Bug);
        check([134], Remedy::Retry);
        assert_eq!(TokenCause::from_code(9999), TokenCause::Unlisted);
    }

    #[test]
    fn the_table_of_codes_is_what_the_codes_become_and_names_each_once() {
        let mut seen = HashSet::new();
        for (code, cause) in TokenCause::documented() {
            assert_eq!(TokenCause::from_code(code), cause, "{code}");
            assert!(seen.insert(code), "{code} twice");
        }
        assert_eq!(seen.len(), 54);
    }
}
