//! Documents to ids, each encoded no further than the context needs.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rayon::prelude::*;
use tokenizers::utils::truncation::TruncationDirection;
use tokenizers::{PostProcessor, Tokenizer, TruncationParams};

use crate::error::{Error, Kind, Result};
use crate::memory;

/// The first piece of a long document, and that of its pieces that a token of the context asks for, in bytes.
const FIRST_BYTES: usize = 32 << 10;
const BYTES_A_TOKEN: usize = 8;
/// A document of so many first pieces is encoded piece by piece.
const LONG: usize = 8;
/// How often a caller is asked whether to stop while a long document is encoded.
const OFTEN: Duration = Duration::from_millis(50);

/// A checkpoint's tokenizer, set to a context.
pub(super) struct Encoder {
    tokenizer: Tokenizer,
    path: PathBuf,
    context: usize,
    /// Whether what is cut off is the beginning.
    keeps_end: bool,
}

/// Reads a tokenizer.
///
/// # Errors
/// [`Kind::Tokenizer`] if it cannot be read, [`Kind::Memory`] if there is no room for it.
fn read(path: &Path) -> Result<Tokenizer> {
    // What cannot be looked at cannot be read either, which says why.
    let size = std::fs::metadata(path).map_or(0, |file| file.len());
    memory::check_tokenizer(size as usize).map_err(|error| error.at(path))?;
    // `from_file` is generic: all that deserialises tokenizers would be compiled once more, here.
    let tokenizer =
        std::fs::read_to_string(path).map_err(tokenizers::Error::from).and_then(|json| json.parse());
    tokenizer.map_err(|error| unreadable(&error).at(path))
}

fn unreadable(error: &tokenizers::Error) -> Error {
    Error::new(Kind::Tokenizer, format!("tokenizer.json cannot be read ({error})"))
        .help("fetch the checkpoint's tokenizer.json again")
}

/// The ids of tokens that stand for marks and not for text.
fn special(tokenizer: &Tokenizer) -> HashSet<u32> {
    let added = tokenizer.get_added_tokens_decoder().into_iter();
    added.filter(|(_, token)| token.special).map(|(id, _)| id).collect()
}

/// The texts of token ids.
pub struct Vocabulary {
    tokenizer: Tokenizer,
    special: HashSet<u32>,
}

impl Vocabulary {
    /// Reads the vocabulary of a tokenizer.
    ///
    /// # Errors
    /// [`Kind::Tokenizer`] if it cannot be read, [`Kind::Memory`] if there is no room for it.
    pub fn read(path: &Path) -> Result<Self> {
        let tokenizer = read(path)?;
        Ok(Self { special: special(&tokenizer), tokenizer })
    }

    /// Whether a token stands for a mark, such as the end of a message, and not for text.
    pub fn is_special(&self, id: u32) -> bool {
        self.special.contains(&id)
    }

    /// What a token adds to the text behind another: some tokenizers decode a blank only between two.
    pub fn text_behind(&self, before: u32, id: u32) -> String {
        let decoded = |ids: &[u32]| self.tokenizer.decode(ids, false).unwrap_or_default();
        match decoded(&[before, id]).strip_prefix(&decoded(&[before])) {
            Some(text) if !text.is_empty() && !text.contains(char::REPLACEMENT_CHARACTER) => text.to_owned(),
            _ => self.text(id),
        }
    }

    /// The text of a token; of one that holds a part of a letter, as the vocabulary writes it.
    pub fn text(&self, id: u32) -> String {
        text_of(&self.tokenizer, id)
    }
}

/// [`Vocabulary::text`].
fn text_of(tokenizer: &Tokenizer, id: u32) -> String {
    let text = tokenizer.decode(&[id], false).unwrap_or_default();
    let name = tokenizer.id_to_token(id);
    if text.is_empty() || text.contains(char::REPLACEMENT_CHARACTER) {
        return name.unwrap_or_else(|| format!("<{id}>"));
    }
    // Where a text begins, some decoders leave out the blank that tells a word from the end of one.
    let is_word = name.is_some_and(|name| name.starts_with(WORD)) && !text.starts_with(' ');
    if is_word { format!(" {text}") } else { text }
}

/// What a vocabulary writes for the blank before a word, after SentencePiece.
const WORD: char = '\u{2581}';

impl Encoder {
    /// A tokenizer that cuts to `context` tokens, added special tokens included, and pads nothing.
    ///
    /// # Errors
    /// [`Kind::Tokenizer`] if it cannot be read; [`Kind::Sample`] if it leaves no room for text.
    pub fn load(path: &Path, context: usize) -> Result<Self> {
        let mut tokenizer = read(path)?;
        let added = tokenizer.get_post_processor().map_or(0, |processor| processor.added_tokens(false));
        if added >= context {
            return Err(Error::new(
                Kind::Sample,
                format!(
                    "the tokenizer adds {added} special tokens, which leaves no room for text in a context of {context}"
                ),
            )
            .help("use a longer --context")
            .at(path));
        }
        // Which end is cut is the tokenizer's own affair, here as in transformers.
        let direction = tokenizer.get_truncation().map(|own| own.direction).unwrap_or_default();
        let truncation = TruncationParams { max_length: context, direction, ..TruncationParams::default() };
        tokenizer.with_truncation(Some(truncation)).map_err(|error| unreadable(&error).at(path))?;
        tokenizer.with_padding(None);
        let keeps_end = direction == TruncationDirection::Left;
        Ok(Self { tokenizer, path: path.to_owned(), context, keeps_end })
    }

    /// A tokenizer that cuts nothing and adds nothing, for texts of which the first `context` tokens are wanted.
    ///
    /// # Errors
    /// [`Kind::Tokenizer`] if it cannot be read.
    pub fn whole(path: &Path, context: usize) -> Result<Self> {
        let mut tokenizer = read(path)?;
        tokenizer.with_truncation(None).map_err(|error| unreadable(&error).at(path))?;
        tokenizer.with_padding(None);
        Ok(Self { tokenizer, path: path.to_owned(), context, keeps_end: false })
    }

    /// The text of each token that documents have, as [`Vocabulary::text`] gives it.
    pub fn texts(&self, documents: &[Vec<u32>]) -> HashMap<u32, String> {
        let ids: HashSet<u32> = documents.iter().flatten().copied().collect();
        ids.into_iter().map(|id| (id, text_of(&self.tokenizer, id))).collect()
    }

    /// The ids of texts without any that are added, and where each of them begins and ends in its text, in bytes: the first
    /// tokens of the context at least. `interrupted` is asked before each batch whether to stop.
    ///
    /// # Errors
    /// [`Kind::Cancelled`] when interrupted.
    #[expect(clippy::type_complexity, reason = "a tuple of two vectors says what it is")]
    pub fn encode_whole(
        &self,
        texts: Vec<String>,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Vec<Result<(Vec<u32>, Vec<(usize, usize)>)>>> {
        if interrupted() {
            return Err(Error::cancelled());
        }
        let encode = |text: &str| match self.tokenizer.encode(text, false) {
            Ok(encoding) => Ok((encoding.get_ids().to_vec(), encoding.get_offsets().to_vec())),
            Err(error) => Err(self.error(format!("text cannot be encoded ({error})"))),
        };
        let all = texts.par_iter().map(|text| {
            // Of a long text a piece with more tokens than are wanted has those of the whole.
            let piece = self.piece(text, text.len().min(self.first_piece().saturating_mul(LONG)));
            let encoded = encode(piece)?;
            let enough = piece.len() == text.len() || encoded.0.len() / 2 >= self.context;
            if enough { Ok(encoded) } else { encode(text) }
        });
        Ok(all.collect())
    }

    /// The ids of documents, in their order, or what is wrong with each. `interrupted` is asked whether to stop.
    ///
    /// # Errors
    /// [`Kind::Cancelled`] when interrupted.
    pub fn encode_all(
        self: &Arc<Self>,
        documents: Vec<String>,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Vec<Result<Vec<u32>>>> {
        let encode = |encoder: &Self, stop: &AtomicBool, documents: &[String]| {
            documents.par_iter().map(|document| encoder.encode(document, stop)).collect::<Vec<_>>()
        };
        let stop = Arc::new(AtomicBool::new(false));
        if documents.iter().all(|document| !self.is_long(document)) {
            return Ok(encode(self, &stop, &documents));
        }
        // Nothing can be asked while a piece is encoded, which can be the whole. So that is left to a thread, and to
        // itself when interrupted: it ends with its piece.
        let (sender, encoded) = crossbeam_channel::bounded(1);
        let (encoder, stopped) = (Arc::clone(self), Arc::clone(&stop));
        let work = move || sender.send(encode(&encoder, &stopped, &documents)).unwrap_or_default();
        std::thread::Builder::new()
            .name("tokenizer".to_owned())
            .spawn(work)
            .map_err(|error| Error::new(Kind::Memory, format!("no thread can be started ({error})")))?;
        loop {
            match encoded.recv_timeout(OFTEN) {
                Ok(encoded) => return Ok(encoded),
                Err(crossbeam_channel::RecvTimeoutError::Timeout) if interrupted() => {
                    stop.store(true, Ordering::Relaxed);
                    return Err(Error::cancelled());
                }
                Err(crossbeam_channel::RecvTimeoutError::Timeout) => {}
                Err(crossbeam_channel::RecvTimeoutError::Disconnected) => {
                    return Err(self.error("the tokenizer broke off"));
                }
            }
        }
    }

    /// The ids of tokens that stand for marks and not for text.
    pub fn special(&self) -> HashSet<u32> {
        special(&self.tokenizer)
    }

    fn first_piece(&self) -> usize {
        FIRST_BYTES.max(BYTES_A_TOKEN.saturating_mul(self.context))
    }

    fn is_long(&self, document: &str) -> bool {
        document.len() / LONG > self.first_piece()
    }

    /// The ids of a document, cut to the context.
    ///
    /// Of a long one pieces are encoded, each twice the one before, from the end that is kept. Its ids are those of the
    /// whole once three pieces agree that fill the context: then what lies behind a piece, and where it was cut, has no
    /// part in them, though the first of the three ends long before the last.
    fn encode(&self, document: &str, stop: &AtomicBool) -> Result<Vec<u32>> {
        if self.is_long(document) {
            let (mut before, mut agreeing) = (Vec::new(), 0);
            let sizes = std::iter::successors(Some(self.first_piece()), |size| Some(2 * size));
            for size in sizes.take_while(|&size| 2 * size < document.len()) {
                if stop.load(Ordering::Relaxed) {
                    return Err(Error::cancelled());
                }
                let ids = self.ids(self.piece(document, size))?;
                agreeing = if ids.len() == self.context && ids == before { agreeing + 1 } else { 1 };
                if agreeing == 3 {
                    return Ok(ids);
                }
                before = ids;
            }
        }
        if stop.load(Ordering::Relaxed) {
            return Err(Error::cancelled());
        }
        self.ids(document)
    }

    /// About so many bytes of a document from the end that is kept.
    fn piece<'d>(&self, document: &'d str, size: usize) -> &'d str {
        match self.keeps_end {
            true => &document[document.ceil_char_boundary(document.len() - size)..],
            false => &document[..document.floor_char_boundary(size)],
        }
    }

    fn ids(&self, text: &str) -> Result<Vec<u32>> {
        match self.tokenizer.encode_fast(text, true) {
            Ok(encoding) => Ok(encoding.get_ids().to_vec()),
            Err(error) => Err(self.error(format!("text cannot be encoded ({error})"))),
        }
    }

    /// The tokens of a text by their names, with or without those that are added to every text.
    ///
    /// # Errors
    /// [`Kind::Tokenizer`] if it cannot be encoded.
    pub fn names(&self, text: &str, with_added: bool) -> Result<Vec<String>> {
        match self.tokenizer.encode_fast(text, with_added) {
            Ok(encoding) => Ok(encoding.get_tokens().to_vec()),
            Err(error) => Err(self.error(format!("text cannot be encoded ({error})"))),
        }
    }

    fn error(&self, cause: impl std::fmt::Display) -> Error {
        let help = "check that tokenizer.json is the checkpoint's own";
        Error::new(Kind::Tokenizer, cause).help(help).at(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoder(context: usize, direction: TruncationDirection) -> Encoder {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo/gutenberg-1m/tokenizer.json");
        let mut encoder = Encoder::load(&path, context).unwrap();
        let truncation = TruncationParams { max_length: context, direction, ..TruncationParams::default() };
        encoder.tokenizer.with_truncation(Some(truncation)).unwrap();
        encoder.keeps_end = direction == TruncationDirection::Left;
        encoder
    }

    #[test]
    fn pieces_have_the_ids_of_the_whole() {
        let books = std::fs::read_to_string(
            Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo/books-sample.jsonl"),
        )
        .unwrap();
        let words = |count: usize| books.split(' ').cycle().take(count).collect::<Vec<_>>().join(" ");
        let texts = [
            words(80_000),
            "word ".repeat(80_000),
            "a".repeat(400_000),
            "é😀".repeat(60_000),
            " ".repeat(200_000) + &words(50_000),
            words(50_000) + &"\n".repeat(200_000),
            format!("{} {}", "x".repeat(40_000), words(80_000)),
        ];
        for direction in [TruncationDirection::Right, TruncationDirection::Left] {
            for context in [8, 512] {
                let encoder = encoder(context, direction);
                for (index, text) in texts.iter().enumerate() {
                    assert!(encoder.is_long(text), "{index}");
                    let pieces = encoder.encode(text, &AtomicBool::new(false)).unwrap();
                    assert!(pieces == encoder.ids(text).unwrap(), "{index} {context} {direction:?}");
                }
            }
        }
    }

    #[test]
    fn no_more_than_pieces_are_encoded_of_a_long_document() {
        // Its ids are those of the third piece, and so there was none beyond it.
        let encoder = encoder(64, TruncationDirection::Right);
        let text = "word ".repeat(4_000_000);
        let largest =
            std::iter::successors(Some(encoder.first_piece()), |size| Some(2 * size)).nth(2).unwrap();
        assert_eq!(
            encoder.encode(&text, &AtomicBool::new(false)).unwrap(),
            encoder.ids(&text[..largest]).unwrap()
        );
        assert!(largest < text.len() / 100);
    }

    #[test]
    fn a_long_document_is_left_when_interrupted() {
        let encoder = Arc::new(encoder(512, TruncationDirection::Right));
        let stopped = encoder.encode(&"word ".repeat(1_000_000), &AtomicBool::new(true)).unwrap_err();
        assert_eq!(stopped.kind(), Kind::Cancelled);
        // Nothing of it makes a token of the context: all of it is encoded, unless somebody stops it.
        let endless = vec![" ".repeat(16 << 20)];
        let mut asked = 0;
        let mut interrupted = || {
            asked += 1;
            true
        };
        let error = encoder.encode_all(endless, &mut interrupted).unwrap_err();
        assert_eq!((error.kind(), asked), (Kind::Cancelled, 1));
    }
}
