use super::Secrets;

const SECRET: &str = "inv/nted+Key/With=Signs0123456789abcdEFGH";

fn secrets() -> Secrets {
    let mut secrets = Secrets::default();
    secrets.add(SECRET);
    secrets.add("test");
    secrets
}

#[test]
fn a_secret_is_found_in_every_spelling_and_in_part() {
    let spellings = [
        SECRET.to_owned(),
        SECRET.replace('/', "%2F").replace('+', "%2b").replace('=', "%3D"),
        SECRET.replace('/', "\\/"),
        SECRET.replace('/', "\\u002f").replace('=', "\\u003d"),
        SECRET.replace('/', "&#x2F;").replace('+', "&#43;"),
    ];
    for spelling in spellings {
        let text = format!("InventedCode: héader was {spelling}, and {spelling}.");
        assert!(secrets().are_in(text.as_bytes()));
        assert_eq!(secrets().hidden_in(&text), "InventedCode: héader was [secret], and [secret].");
        assert_eq!(secrets().hidden_in(&spelling), "[secret]");
    }
    assert_eq!(secrets().hidden_in(&format!("…{}…", SECRET.get(4..24).unwrap())), "…[secret]…");
}

#[test]
fn what_is_no_secret_stays() {
    let text = "AccessDenied: User: arn:aws:iam::111122223333:user/test%2Fer is not authorized: inv/nted";
    assert!(!secrets().are_in(text.as_bytes()));
    assert_eq!(secrets().hidden_in(text), text);
}

#[test]
fn the_password_of_a_url_is_a_secret_however_short() {
    let mut secrets = Secrets::default();
    secrets.add_url("http://night:p%40ss/w0rd@proxy.example.com:3128");
    secrets.add_url("http://night:p%40ssw@proxy.example.com:3128");
    secrets.add_url("https://token-alone@kms.example.com");
    secrets.add_url("http://proxy.example.com:3128/a@b");
    secrets.add_url("night:socks@proxy.example.com");
    for (text, shown) in [
        ("proxy http://night:p%40ssw@proxy.example.com", "proxy http://night:[secret]@proxy.example.com"),
        ("p@ssw, p%40ssw and p\\u0040ssw", "[secret], [secret] and [secret]"),
        ("https://token-alone@kms.example.com", "https://[secret]@kms.example.com"),
        ("socks and proxy.example.com", "[secret] and proxy.example.com"),
        ("a@b", "a@b"),
    ] {
        assert_eq!(secrets.hidden_in(text), shown);
        // An answer may well hold so short a word.
        assert!(!secrets.are_in(text.as_bytes()));
    }
    let long = "inv-nted-long-passw0rd-of-a-proxy";
    secrets.add_url(&format!("http://night:{long}@proxy"));
    assert_eq!(secrets.hidden_in(&format!("to {long}")), "to [secret]");
    assert!(secrets.are_in(long.as_bytes()));
}
