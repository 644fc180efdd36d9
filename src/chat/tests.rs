use super::*;

fn template(source: &str) -> ChatTemplate {
    let tokens = [("bos_token", "<s>"), ("eos_token", "</s>")].into_iter().collect();
    ChatTemplate::new(source, tokens, "chat_template.jinja").unwrap()
}

fn render(source: &str) -> Result<String> {
    template(source).render(&[Message::new("user", "hello")], true)
}

/// The error of a template, in its words.
fn error(source: &str) -> String {
    let tokens = SpecialTokens::default();
    let template = ChatTemplate::new(source, tokens, "chat_template.jinja");
    let error =
        template.and_then(|template| template.render(&[Message::new("user", "hello")], true)).unwrap_err();
    assert_eq!(error.kind(), Kind::Tokenizer, "{error}");
    let text = error.to_string();
    assert!(text.ends_with(": chat_template.jinja") && text.contains("--chat-template"), "{text}");
    assert!(!text.contains('\n') && text.len() < 1000, "{text}");
    text
}

#[test]
fn a_template_that_does_too_much_is_stopped() {
    let endless = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}";
    let doubled =
        "{% set ns = namespace(x='ab') %}{% for i in range(64) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}";
    let listed =
        "{% set ns = namespace(x=[1]) %}{% for i in range(64) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}";
    for (source, words) in [
        (endless, "it never ends"),
        (doubled, "it never ends"),
        (&format!("{listed}{{{{ ns.x }}}}"), ""),
        (&format!("{listed}{{{{ ns.x | tojson }}}}"), ""),
        (&format!("{listed}{{{{ ns.x == ns.x ~ '' }}}}{{{{ ns.x | string | length }}}}"), ""),
        ("{% for a in range(10 ** 9) %}{% endfor %}", "range has too many elements"),
        ("{% for i in range(9999) %}{{ [range(99999)] == [range(99999)] }}{% endfor %}", "it never ends"),
        ("{{ 'x' * 10 ** 9 }}", "it never ends"),
        ("{{ 'x'.ljust(10 ** 12) }}", "it never ends"),
        ("{{ 'x' | indent(10 ** 12, true) }}", "it never ends"),
        ("{{ [1] | tojson(indent=10 ** 12) }}", "it never ends"),
        ("{{ 'a'.replace('', 'x' * 10 ** 7).replace('', 'x' * 10 ** 7) }}", "it never ends"),
        ("{{ '%099999999999d' | format(1) }}", ""),
        ("{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}", "recursion"),
        ("{% for x in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}", "recursion"),
        ("{{ undefined_function(1) }}", "unknown function"),
        ("{{ messages[7].content }}", "undefined"),
        ("{{ 'x' | absent }}", "unknown filter"),
        ("{{ 'x' is absent }}", "unknown test"),
        ("{{ messages.append(1) }}", "unknown method"),
        ("{% include 'x' %}", "unknown statement include"),
        ("{% if %}", "cannot be read in line 1"),
        ("a\n{% for x in messages %}\n", "cannot be read in line"),
        ("a\nb\n{{ 1 // 0 }}", "fails in line 3"),
    ] {
        let error = error(source);
        assert!(error.contains(words), "{source}: {error}");
    }
}

#[test]
fn a_gigabyte_is_refused_while_it_is_written() {
    let million = "{% set x = 'x' * 1000000 %}";
    let error = error(&format!("{million}{{% for i in range(1000) %}}{{{{ x }}}}{{% endfor %}}"));
    assert!(error.contains("more than 8 MiB longer"), "{error}");
    let text = render(&format!("{million}{{% for i in range(8) %}}{{{{ x }}}}{{% endfor %}}")).unwrap();
    assert_eq!(text.len(), 8_000_000);
    // What was said is no fault of the template's.
    let long = [Message::new("user", "y".repeat(20 << 20))];
    let text = template("{{ messages[0].content | trim }}").render(&long, false).unwrap();
    assert_eq!(text.len(), 20 << 20);
}

#[test]
fn values_do_not_grow_without_end_in_assignments() {
    let start = "{% set ns = namespace(x=[1]) %}";
    for assigned in [
        "{% for i in range(300) %}{% set ns.x = [ns.x] %}{% endfor %}",
        "{% for i in range(300) %}{% set ns.x = {'x': ns.x} %}{% endfor %}",
        "{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}",
        &"{% set x = [x] %}".repeat(300),
        &"{% set x = [x, x] %}".repeat(40),
        "{% set ns.x = ns %}",
        "{% set ns.x = [ns] %}",
        "{% set other = namespace(x=ns) %}{% set ns.x = other %}",
        "{% set a, ns.x = 1, ns %}",
        "{% set ns.x | default(ns, true) %}{% endset %}",
        "{%-set ns . x=ns-%}",
        // The same by other names.
        "{% macro f(x, y=[[2]], z='),') %}{{ f([x, x], y=[y, y]) if x != y }}{% endmacro %}{{ f(1, z=[1]) }}",
        "{% for x, y in [(1, 2)] recursive %}{{ x == y ~ loop([([x, x], [y, y])]) }}{% endfor %}",
        &("{% with y = [1], x = [1] %}".to_owned()
            + &"{% with x = [x, x] %}".repeat(40)
            + &"{% endwith %}".repeat(41)),
        "{% macro f(x) %}{{ caller(x) }}{% endmacro %}\
         {% macro g(x) %}{% call(y) f([x, x]) %}{{ g(y) }}{% endcall %}{% endmacro %}{{ g([1]) }}",
    ] {
        let error = error(&format!("{start}{assigned}"));
        assert!(
            ["deeper than 64", "namespace", "never ends", "recursion"]
                .iter()
                .any(|words| error.contains(words)),
            "{error}"
        );
    }
    let refused = ChatTemplate::new("{% set x = [x]) or ([1] %}", SpecialTokens::default(), "t").unwrap_err();
    assert!(refused.to_string().contains("cannot be read in line 1"), "{refused}");
    // Iterators are taken as they stand.
    let text = render(&format!("{start}{{% set ns.x = ns.items() %}}{{{{ ns.x }}}}")).unwrap();
    assert_eq!(text, "[('x', [1])]");
}

#[test]
fn what_is_deep_as_a_template_or_within_one_expression_overflows_no_stack() {
    let deep = format!("{}x{}", "[".repeat(60), "]".repeat(60));
    let recursive = format!("{{% for x in [0] recursive %}}{{{{ loop([{deep}]) }}}}{{% endfor %}}");
    assert!(error(&recursive).contains("deeper than 64"));
    let filters =
        format!("{{{{ (messages{} == messages{}) }}}}", "|batch(1)".repeat(220), "|batch(1)".repeat(221));
    assert_eq!(render(&filters).unwrap(), "False");
    for (open, close) in [("(", ")"), ("[", "]"), ("{1:", "}")] {
        let source = format!("{{{{ {}1{} }}}}", open.repeat(900), close.repeat(900));
        let refused = ChatTemplate::new(source, SpecialTokens::default(), "t").unwrap_err();
        assert!(refused.to_string().contains("recursion"), "{refused}");
    }
    let source = format!("{}{}", "{% if 1 %}".repeat(2000), "{% endif %}".repeat(2000));
    let refused = ChatTemplate::new(source, SpecialTokens::default(), "t").unwrap_err();
    assert!(refused.to_string().contains("recursion"), "{refused}");
    let long =
        ChatTemplate::new(format!("\n{{{{ x{} }}}}", "+1".repeat(2050)), SpecialTokens::default(), "t")
            .unwrap_err();
    assert!(long.to_string().contains("in line 2: a tag says more"), "{long}");
    let text =
        render(&format!("{{{{ 1{} }}}}{{{{ 1{} }}}}", "~1".repeat(2000), "|int".repeat(1000))).unwrap();
    assert_eq!(text.len(), 2002);
    let text = render(&format!("{{{{ '{}' }}}}", "x".repeat(9000))).unwrap();
    assert_eq!(text.len(), 9000);
    let long = ChatTemplate::new("x".repeat(70_000), SpecialTokens::default(), "t").unwrap_err();
    assert!(long.to_string().contains("70000 bytes"), "{long}");
    let longest = ChatTemplate::new("{#".repeat(65_535 / 2), SpecialTokens::default(), "t").unwrap_err();
    assert!(longest.to_string().contains("comment"), "{longest}");
}

/// Pieces of which templates are made, parted by `·`, some of them broken.
const PIECES: &str = "{%·{%-·{%+·%}·-%}·+%}·{{·{{-·}}·-}}·{#·#}· generation · endgeneration · raw · endraw · set · x \
    ·ns·.x·=· if · endif · for x in messages · endfor · with · endwith · macro f(x) · endmacro ·(·)·[·]·{·}·'·\"·\\·,\
    ·:·|·trim·tojson·messages·namespace()·loop·1·-1·~·+·\n·é·😀·\r\n·\0· is ·not ·f(1)· break ";

/// Some of them, one after the other.
fn pieces() -> impl proptest::strategy::Strategy<Value = Vec<&'static str>> {
    proptest::collection::vec(proptest::sample::select(PIECES.split('·').collect::<Vec<_>>()), 0..40)
}

proptest::proptest! {
    #[test]
    fn whatever_a_template_is_made_of_it_is_rendered_or_refused(
        pieces in pieces()
    ) {
        let source: String = pieces.concat();
        // As a template of its own, and within one that would be read.
        for source in [source.clone(), format!("{{% set ns = namespace(x=1) %}}{{{{ {source} }}}}")] {
            let template = ChatTemplate::new(source, SpecialTokens::default(), "t");
            let hello = [Message::new("user", "hello")];
            let rendered = template.and_then(|template| template.render(&hello, true));
            if let Err(error) = rendered {
                proptest::prop_assert_eq!(error.kind(), Kind::Tokenizer, "{}", error);
            }
        }
    }

    #[test]
    fn what_is_said_is_in_the_text_as_it_is(content in "\\PC{0,40}", role in "[a-z]{1,9}") {
        let source = "{% for m in messages %}[{{ m.role }}|{{ m.content }}]{% endfor %}{{ eos_token }}";
        let template = template(source);
        let text = template.render(&[Message::new(&*role, &*content)], false).unwrap();
        proptest::prop_assert_eq!(text, format!("[{role}|{content}]</s>"));
    }

    #[test]
    fn a_source_without_tags_is_left_alone(source in "[a-z{}%#'\" \n]{0,60}") {
        proptest::prop_assume!(!source.contains("{%"));
        proptest::prop_assert_eq!(source::rewrite(&source, Rewriting::BlocksAndNames), Ok(source));
    }
}
