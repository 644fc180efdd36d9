//! Sides of pairs to text.

use super::problem::{Fault, Problem};
use super::{Pair, Rendered, Side};
use crate::chat::ChatTemplate;
use crate::error::Result;

/// What stands between two messages where no template says.
const BETWEEN: &str = "\n\n";

/// The chosen and the rejected side of a pair as text, by a template. Without one, or where a side is no
/// conversation, it is as its record has it: the answer behind the prompt; messages stand below each other
/// with an empty line between, without their roles.
///
/// # Errors
/// The pair is skipped if the template refuses or fails on it, or if it makes the same text of both sides.
pub fn render(pair: &Pair, template: Option<&ChatTemplate>) -> Result<[Rendered; 2], Problem> {
    let side = |side: &Side, name: &str| match template {
        None => Ok(plain(side)),
        Some(template) => by_template(side, template).map_err(|error| {
            let cause = format!("cannot be rendered on its {name} side ({error})");
            Problem::new(Fault::Template, cause, "use a template that takes it with --chat-template")
        }),
    };
    let sides = [side(&pair.chosen, "chosen")?, side(&pair.rejected, "rejected")?];
    if sides[0].text == sides[1].text {
        let (cause, help) = match template {
            Some(_) => (
                "is the same on both sides in the text of the chat template",
                "choose another with --chat-template",
            ),
            None => ("is the same on both sides", "leave it out"),
        };
        return Err(Problem::new(Fault::Equal, cause, help));
    }
    Ok(sides)
}

fn by_template(side: &Side, template: &ChatTemplate) -> Result<Rendered> {
    let text = template.render(&side.messages, false)?;
    let prefix = match side.messages.split_last() {
        // With nothing before it, the last message is all there is. Most templates cannot render nothing.
        None | Some((_, [])) => 0,
        Some((_, before)) => common(&text, &template.render(before, true)?),
    };
    Ok(Rendered { text, prefix })
}

fn plain(side: &Side) -> Rendered {
    if let Some(plain) = &side.plain {
        return plain.clone();
    }
    let contents: Vec<&str> = side.messages.iter().map(|message| &*message.content).collect();
    let text = contents.join(BETWEEN);
    let prefix = text.len() - contents.last().map_or(0, |last| last.len());
    Rendered { text, prefix }
}

/// How many bytes two texts have in common at their beginning, in whole characters.
fn common(a: &str, b: &str) -> usize {
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    (0..=same).rev().find(|&end| a.is_char_boundary(end)).unwrap_or(0)
}
