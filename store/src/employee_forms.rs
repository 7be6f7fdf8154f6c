//! The employee form of each company, as it was last read from Concur. What a field means is the reader's matter.

use diesel::prelude::*;
use diesel::upsert::excluded;
use jiff::Timestamp;
use serde_json::Value;

use crate::conn::on;
use crate::ids::AccountId;
use crate::schema::employee_forms;
use crate::value::{self, micros};
use crate::{Conn, Error};

/// A form as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct EmployeeForm {
    /// Its fields.
    pub fields: Value,
    /// When Concur was asked.
    pub read_at: Timestamp,
}

/// Keeps a form in place of the one of before.
pub fn put(conn: &mut Conn, account: AccountId, form: &EmployeeForm) -> Result<(), Error> {
    let row = (
        employee_forms::account_id.eq(account.to_string()),
        employee_forms::fields.eq(form.fields.to_string()),
        employee_forms::read_at.eq(micros(form.read_at)),
    );
    let change = (
        employee_forms::fields.eq(excluded(employee_forms::fields)),
        employee_forms::read_at.eq(excluded(employee_forms::read_at)),
    );
    on!(conn, c => {
        diesel::insert_into(employee_forms::table)
            .values(row)
            .on_conflict(employee_forms::account_id)
            .do_update()
            .set(change)
            .execute(c)
    })?;
    Ok(())
}

/// The form, once it was read.
pub fn get(conn: &mut Conn, account: AccountId) -> Result<Option<EmployeeForm>, Error> {
    let key = account.to_string();
    let row: Option<(String, i64)> = on!(conn, c => {
        employee_forms::table
            .find(&key)
            .select((employee_forms::fields, employee_forms::read_at))
            .first(c)
            .optional()
    })?;
    let form = row.map(|(fields, read_at)| {
        Ok(EmployeeForm {
            fields: value::json(&fields, "employee_forms.fields")?,
            read_at: value::time(read_at, "employee_forms.read_at")?,
        })
    });
    form.transpose()
}
