//! What is said on standard error.

use super::files::below_its_first_line;

#[test]
fn no_name_in_an_error_begins_a_line() {
    let name = "a\nREADY  i-0f00000000000000a: forged\r\nerror: forged\u{1b}[2J\u{2028}b";
    let shown = below_its_first_line(&format!("error: `{name}` cannot be read\ncheck the path\n"));
    assert_eq!(
        shown,
        "error: `a\n  READY  i-0f00000000000000a: forged\n  error: forged\\u001b[2J\\u2028b` cannot be read\n  check the path\n"
    );
}
