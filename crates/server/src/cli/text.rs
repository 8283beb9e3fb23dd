//! What the program says on the terminal: results on standard output, complaints on standard error.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the terminal is whom this talks to"
)]

/// Says a line.
pub(super) fn say(line: &str) {
    println!("{line}");
}

/// Says what went wrong.
pub(super) fn complain(sentence: &str) {
    eprintln!("recado-server: {sentence}");
}
