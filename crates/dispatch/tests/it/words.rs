//! Words: both languages complete, nothing unused, every code with its sentence.

#[test]
fn the_words_of_dispatch_are_whole() {
    let words = ui::testing::site_with(
        ui::I18n::builder()
            .add(
                "dispatch",
                include_str!("../../locales/zh-CN.ftl"),
                include_str!("../../locales/en.ftl"),
            )
            .build()
            .unwrap(),
    );
    assert!(words.words.has("dispatch-for-me"));
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let en = include_str!("../../locales/en.ftl");
    let mut used = String::new();
    for dir in ["src", "src/ops", "src/http", "src/pages", "templates"] {
        for entry in std::fs::read_dir(root.join(dir)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                used += &std::fs::read_to_string(path).unwrap();
            }
        }
    }
    let whole = [
        "dispatch-standing-",
        "dispatch-mark-",
        "dispatch-outcome-",
        "dispatch-level-",
        "dispatch-task-",
    ];
    // The forms of a word stand on lines of their own, further in.
    let keys = en.lines().filter(|l| l.starts_with("dispatch-"));
    for key in keys.filter_map(|l| l.split(" =").next()) {
        let is_code = key.strip_prefix("dispatch-error-").is_some_and(|code| {
            let code = format!("\"dispatch.{}\"", code.replace('-', "_"));
            used.contains(&code)
        });
        let is_used = is_code
            || used.contains(&format!("\"{key}\""))
            || whole.iter().any(|w| key.starts_with(w));
        assert!(is_used, "{key} is used nowhere");
    }
    for code in used
        .split("\"dispatch.")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
    {
        if code.chars().all(|c| c.is_ascii_lowercase() || c == '_') && code != "lists" {
            let key = format!("dispatch-error-{}", code.replace('_', "-"));
            assert!(words.words.has(&key), "{key}");
        }
    }
}
