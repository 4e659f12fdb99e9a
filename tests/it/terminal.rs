//! The habits of a terminal: width, colors, ASCII; and a folded page for a narrow one.

use unicode_width::UnicodeWidthStr as _;

use crate::program::Run;

fn demo(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let run = variables
        .iter()
        .fold(Run::new(&[&["demo"], arguments].concat()), |run, (name, value)| run.variable(name, value));
    let outcome = run.finish();
    assert_eq!(outcome.exit, Some(0), "{}", outcome.seen());
    outcome.stdout
}

#[test]
fn the_width_follows_columns() {
    let (narrow, wide) = (demo(&[], &[("COLUMNS", "60")]), demo(&[], &[("COLUMNS", "200")]));
    let table = |text: &str| text.lines().any(|line| line.starts_with("  Volume ") && line.ends_with("Decrypt by EC2"));
    assert!(table(&wide) && !table(&narrow), "{narrow}");
    assert!(narrow.contains("\n    KMS key  "), "{narrow}");
    assert!(narrow.lines().filter(|line| line.starts_with("why")).all(|line| line.width() <= 60), "{narrow}");
}

#[test]
fn colors_are_asked_for_and_refused() {
    let is_colored = |arguments: &[&str], variables: &[(&str, &str)]| demo(arguments, variables).contains('\u{1b}');
    assert!(!is_colored(&[], &[]), "a pipe takes no colors");
    assert!(is_colored(&["--color", "always"], &[]));
    assert!(is_colored(&["--color", "always"], &[("NO_COLOR", "1")]), "what is typed counts");
    assert!(is_colored(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!is_colored(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!is_colored(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn where_the_locale_is_not_utf_8_ascii_is_printed() {
    assert!(demo(&[], &[("LC_ALL", "C")]).is_ascii());
    assert!(!demo(&[], &[("LC_ALL", "C.UTF-8")]).is_ascii());
    assert!(!demo(&[], &[("LANG", "ja_JP.utf8")]).is_ascii());
    assert!(demo(&[], &[("LANG", "ja_JP.utf8"), ("LC_ALL", "ja_JP.SJIS")]).is_ascii());
}

#[test]
fn the_demo_fits_sixty_lines() {
    let demo = demo(&[], &[]);
    assert!(demo.lines().count() <= 60, "{}", demo.lines().count());
}

#[test]
fn manual_pages_have_the_usual_sections() {
    for command in ["check", "capture", "diff", "triage"] {
        let page = Run::new(&["man", command]).finish().stdout;
        for section in ["NAME", "SYNOPSIS", "EXAMPLES", "EXIT STATUS", "ENVIRONMENT", "FILES"] {
            assert!(
                page.contains(&format!(".SH {section}\n")) || page.contains(&format!(".SH \"{section}\"\n")),
                "{command}: {section}\n{page}"
            );
        }
    }
}
