//! The page of HTML: as it is written, and as a browser shows it.

use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use super::*;

fn page(files: &[Checked]) -> String {
    whole(report::Format::Html, Options::default(), files)
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before}"));
    rest.split_once(after).unwrap_or_else(|| panic!("no {after}")).0
}

/// Findings of which every text would add an element or a script if it could.
fn forging() -> Vec<Checked> {
    let script = "<script>document.title = 'forged'</script><img src=x onerror=\"document.title='forged'\">";
    let text = format!("<a b=\"{script}'\"/>\n</script><style>*{{display:none}}</style>\n");
    let mut forged = finding(Severity::Error, script, Span::new(0, 2), label(Span::new(3, text.len()), script));
    forged.rule = "x/\"><script>document.title='forged'</script>".into();
    forged.help = Some(format!("`{script}`\n{script}"));
    forged.vm = Some(script.to_owned());
    forged.related = vec![label(Span::new(0, 2), script)];
    forged.source = Some(Arc::new(Citation {
        title: script.into(),
        section: "\" onmouseover=\"x".into(),
        url: Some("javascript:document.title='forged'".into()),
        date: script.into(),
    }));
    vec![checked(&format!("{script}.xml"), &text, vec![forged]), hostile()]
}

#[test]
fn a_whole_run() {
    let page = page(&three_files());
    let style = between(&page, "<style>", "</style>").to_owned();
    let script = between(&page, "<script>", "</script>").to_owned();
    let page = page.replace(&style, "…").replace(&script, "…").replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let hashes = regex::Regex::new("sha256-[^']+").unwrap();
    insta::assert_snapshot!(hashes.replace_all(&page, "sha256-…"));
}

#[test]
fn the_page_allows_its_own_script_and_style_and_nothing_else() {
    let page = page(&[]);
    let policy = between(&page, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
    let hash = |text: &str| {
        let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let digest = Sha256::digest(text.as_bytes());
        let digit = |bits: u32| char::from(digits[(bits & 63) as usize]);
        let group = |bytes: &[u8]| {
            let bits = bytes.iter().fold(0, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - bytes.len()));
            let all = [18, 12, 6, 0].map(|shift| digit(bits >> shift));
            all.into_iter().take(bytes.len() + 1).chain(std::iter::repeat_n('=', 3 - bytes.len())).collect::<String>()
        };
        digest.chunks(3).map(group).collect::<String>()
    };
    let (style, script) = (hash(between(&page, "<style>", "</style>")), hash(between(&page, "<script>", "</script>")));
    let wanted = format!(
        "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; base-uri 'none'; form-action 'none'"
    );
    assert_eq!(policy, wanted);
}

#[test]
fn nothing_of_a_file_becomes_markup() {
    let page = page(&forging());
    for tag in ["<script", "<style"] {
        assert_eq!(page.matches(tag).count(), 1, "{tag}");
    }
    for harm in ["<img", "javascript:document.title='", "\" onmouseover", "\u{1b}", "\u{202e}"] {
        assert!(!page.contains(harm), "{harm}");
    }
    let hrefs: Vec<&str> = page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(hrefs.iter().all(|href| href.starts_with('#') || href.starts_with("https://")), "{hrefs:?}");
}

#[test]
fn without_a_script_everything_is_there() {
    let page = page(&three_files());
    let text = page.split("<script>").next().unwrap();
    for words in ["2 errors, 1 warning, 1 note", "<mark class=\"focus\">vhostuser</mark>", "handled by another process"] {
        assert!(text.contains(words), "{words}");
    }
    assert_eq!(text.matches("<article").count(), 4);
    assert_eq!(text.matches("class=\"scripted\"").count(), 2, "and what needs one is not shown");
}

#[test]
fn places_are_links_where_a_ci_system_has_pages() {
    let env = |name: &str| match name {
        "CI_PROJECT_URL" => Some("https://gitlab.example/acme/vm".to_owned()),
        "CI_COMMIT_SHA" => Some("abc".to_owned()),
        _ => None,
    };
    let repository = Repository::around(Path::new("/no/such/folder"), env);
    let report = report::select(report::Format::Html, Options::default(), &repository);
    let piece = String::from_utf8(report.file(&full_page())).unwrap();
    assert!(piece.contains("href=\"https://gitlab.example/acme/vm/-/blob/abc/vm/web01.xml#L5\""), "{piece}");
    assert!(!page(&[full_page()]).contains("web01.xml#L"), "a page may lie anywhere, so it has no links into the repository");
}

/// A browser of the Chromium family: the one that `VMLINT_TEST_BROWSER` names, or one that is found.
fn browser() -> Option<PathBuf> {
    let named = std::env::var_os("VMLINT_TEST_BROWSER").map(PathBuf::from);
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge"];
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    let found = || folders.iter().flat_map(|folder| names.map(|name| folder.join(name))).find(|path| path.is_file());
    let browser = named.or_else(found);
    if browser.is_none() {
        eprintln!("skipped: no browser is installed, and VMLINT_TEST_BROWSER names none");
    }
    browser
}

/// The page as it is after its script has run, and has had two seconds of its own time.
fn opened(browser: &Path, page: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    std::fs::write(&file, page).unwrap();
    let mut command = Command::new(browser);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000", "--dump-dom"]);
    command.arg(format!("--user-data-dir={}", folder.path().join("profile").display()));
    let output = command.arg(format!("file://{}", file.display())).output().unwrap();
    let dom = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(dom.contains("</html>"), "{dom}\n{}", String::from_utf8_lossy(&output.stderr));
    dom
}

#[test]
fn a_browser_runs_the_script_of_the_page_and_no_other() {
    let Some(browser) = browser() else { return };
    let dom = opened(&browser, &page(&forging()));
    assert!(dom.contains("<html lang=\"en\" class=\"script\">"), "its own script runs under its policy");
    assert!(dom.contains("<title>vmlint report</title>"));
    assert_eq!((dom.matches("<script").count(), dom.matches("<img").count(), dom.matches("<article").count()), (1, 0, 2));
    // The same page with a script that it does not know.
    let foreign = page(&forging()).replace("</body>", "<script>document.title = 'forged'</script></body>");
    assert!(opened(&browser, &foreign).contains("<title>vmlint report</title>"));
}

#[test]
fn a_browser_filters_and_searches() {
    let Some(browser) = browser() else { return };
    let bare = page(&three_files());
    let policy = format!("<meta http-equiv{}>", between(&bare, "<meta http-equiv", ">"));
    let seen = |steps: &str| {
        let probe = format!(
            "<script>const all = (selector) => [...document.querySelectorAll(selector)];
            const set = (id, value, type) => {{ const e = document.getElementById(id); e[type === 'box' ? 'checked' : 'value'] = value;
              e.dispatchEvent(new Event(type === 'box' ? 'change' : type)); }};
            {steps}
            setTimeout(() => {{
              const visible = (e) => e.checkVisibility() && e.getClientRects().length > 0;
              document.title = [all('article').filter(visible).length, all('section').filter(visible).length,
                document.getElementById('count').textContent].join('/');
            }}, 500);</script></body>"
        );
        let dom = opened(&browser, &bare.replace(&policy, "").replace("</body>", &probe));
        between(&dom, "<title>", "</title>").to_owned()
    };
    assert_eq!(seen(""), "4/2/");
    assert_eq!(seen("set('search', 'VHOST-user  web01', 'input');"), "1/1/1 of 4 shown");
    assert_eq!(seen("set('search', 'no such words', 'input');"), "0/0/0 of 4 shown");
    assert_eq!(seen("set('rule', 'rhel-8/model', 'change');"), "1/1/1 of 4 shown");
    assert_eq!(seen("set('show-error', false, 'box');"), "2/1/2 of 4 shown");
    assert_eq!(seen("all('a[data-filter=\"vmlint/malformed-input\"]')[0].click();"), "1/1/1 of 4 shown");
    // The summary stands above the findings.
    let above = "const edge = (s) => document.querySelector(s).getBoundingClientRect().top;
        setTimeout(() => { document.title = String(edge('header') < edge('main')); }, 900);";
    assert_eq!(seen(above), "true");
}

#[test]
fn severities_can_be_hidden_without_a_script() {
    let Some(browser) = browser() else { return };
    let page = page(&three_files());
    let script = format!("<script>{}</script>", between(&page, "<script>", "</script>"));
    let policy = format!("<meta http-equiv{}>", between(&page, "<meta http-equiv", ">"));
    let probe = "<script>document.getElementById('show-error').checked = false;
        setTimeout(() => { document.title = [...document.querySelectorAll('article, #search')].filter((e) => e.checkVisibility()).length; }, 100);
        </script>";
    let dom = opened(&browser, &page.replace(&policy, "").replace(&script, probe));
    assert_eq!(between(&dom, "<title>", "</title>"), "2");
}
