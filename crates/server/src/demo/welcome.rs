//! What the demo says on the terminal.

use std::fmt::Write as _;

use super::people::{Person, WORKSPACE_NAME};
use crate::announcement::Announcement;

/// Sign-ins and the join link, for people.
pub(super) fn text(announcement: &Announcement) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut text, announcement);
    text
}

fn write(text: &mut String, announcement: &Announcement) -> std::fmt::Result {
    writeln!(text, "{WORKSPACE_NAME} is open on {}, for this machine alone.", announcement.url)?;
    writeln!(text, "\nSign in as any of these; the passwords are made anew at each start:\n")?;
    for account in &announcement.accounts {
        let person = Person::ALL.iter().find(|person| person.email() == account.email);
        let view = person.map_or("", |person| person.view());
        let role = account.role.name().replace('_', " ");
        writeln!(text, "  {} ({role}, {view})", account.name)?;
        writeln!(text, "    e-mail         {}", account.email)?;
        writeln!(text, "    password       {}", account.password)?;
        writeln!(text, "    authenticator  {}", account.totp_secret)?;
    }
    writeln!(text, "\nJoin with this link:\n  {}", announcement.join_link)
}
