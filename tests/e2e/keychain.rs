//! The system's keychain, whatever it does: it is told at once, nothing that lies here changes, and when
//! it works again nobody has to start anew.
//!
//! The keychain is a Secret Service of the test's own, on a bus of its own.

mod bus;
mod desk;
mod exchange;
mod faults;
mod killed;
mod moments;
mod nothing_stored;
mod profile;
mod script;
mod service;

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_at_the_start() -> anyhow::Result<()> {
    moments::at_start(false).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_at_the_first_start_of_a_newer_program() -> anyhow::Result<()> {
    moments::at_start(true).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_at_sign_in() -> anyhow::Result<()> {
    moments::at_sign_in().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keychain_that_keeps_its_items_holds_nobody_who_signs_out() -> anyhow::Result<()> {
    moments::at_sign_out().await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_keychain_that_lasts_nothing_secret_is_stored() -> anyhow::Result<()> {
    nothing_stored::without_a_lasting_keychain().await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_key_is_made() -> anyhow::Result<()> {
    killed::while_a_key_is_made().await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_an_older_form_is_renewed() -> anyhow::Result<()> {
    killed::while_an_older_form_is_renewed().await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_the_key_is_changed() -> anyhow::Result<()> {
    killed::while_the_key_is_changed().await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_is_moved_into_a_keychain() -> anyhow::Result<()> {
    killed::while_it_is_moved().await
}

#[test]
fn there_are_faults_enough() {
    let names: std::collections::BTreeSet<String> =
        faults::all().into_iter().map(|fault| fault.name).collect();
    assert_eq!(names.len(), faults::all().len(), "two faults have one name");
    assert!(names.len() >= 60, "{} faults", names.len());
}
