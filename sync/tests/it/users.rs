//! Users of a company as they come to rest in the store.

use store::users;
use sync::{Silent, Snapshot, pull};

use crate::harness::Setting;

#[tokio::test(flavor = "multi_thread")]
async fn every_user_is_stored_once_active_or_not() {
    for store in store::testing::stores() {
        let setting = Setting::connected(store, 0).await;
        let mut snapshot = Snapshot::default();
        pull::users::users(&setting.company, &Silent, &mut snapshot).await.unwrap();
        pull::users::users(&setting.company, &Silent, &mut snapshot).await.unwrap();

        let account = setting.company.account;
        let rows =
            setting.company.store.read(move |conn| users::page(conn, account, None, 1_000)).await.unwrap();
        let mut stored: Vec<_> = rows
            .iter()
            .map(|user| (user.user_name.clone(), user.employee_number.clone(), user.active))
            .collect();
        let mut expected: Vec<_> = setting
            .truth
            .employees
            .iter()
            .map(|employee| {
                (employee.user_name.clone(), Some(employee.employee_number.clone()), employee.active)
            })
            .collect();
        stored.sort();
        expected.sort();
        assert_eq!(stored, expected);
        assert!(stored.iter().any(|(_, _, active)| !active), "those who left are there too");
    }
}
