//! Products of pairs by the tiles of AMX, which processors of servers have: 16 rows by 16 outputs a register, 16 words of
//! each row at a time.
//!
//! Of 16 words the products of the first and of the second number of each pair are summed apart, in order, by fused
//! multiplications; then both are added to each other, and these to the sum so far. Where states are sums of parts, the
//! same 16 words of each part follow each other, so that those of a panel are fetched once for all: it is fetching, from
//! the second cache, that takes the time.

use std::arch::asm;
use std::marker::PhantomData;

use super::instructions::has_amx;
use super::tile::PANEL;

/// Rows that are multiplied at once: two registers of them.
pub const ROWS: usize = 32;
/// Words that are.
pub const WORDS: usize = 16;
/// Outputs of a column of a panel, as many as a register has. Two columns are multiplied at once, of one panel or of two.
pub const COLUMN: usize = 16;
/// Parts that states are sums of, at most.
const MOST_PARTS: usize = 3;

/// The parts that states are sums of.
#[derive(Clone, Copy, Debug)]
pub struct Parts {
    /// How many there are.
    pub count: usize,
    /// Words from a part to the next.
    pub apart: usize,
}

/// Sixteen rows of sixteen words in each register.
#[repr(C, align(64))]
struct Configuration {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    bytes_of_a_row: [u16; 16],
    rows: [u8; 16],
}

static CONFIGURATION: Configuration = Configuration {
    palette: 1,
    start_row: 0,
    reserved: [0; 14],
    bytes_of_a_row: [64, 64, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0],
    rows: [16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
};

/// The registers of this thread, configured as long as this lives. While they are not, the system has nothing to save
/// when threads change.
#[derive(Debug)]
pub struct Amx(PhantomData<*const ()>);

impl Amx {
    /// Configures them.
    ///
    /// # Panics
    /// If they are not there.
    pub fn configure() -> Self {
        assert!(has_amx());
        // SAFETY: they are there, and this is a configuration that they can have.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const CONFIGURATION, options(nostack, readonly)) };
        Self(PhantomData)
    }

    /// Adds the products of [`ROWS`] rows of a stretch of words and of one or two columns of panels to the sums of these, or
    /// begins them.
    ///
    /// * `states`: `[parts, ROWS, depth]`, the parts [`Parts::apart`] from each other
    /// * `column` and `next`: `[depth, COLUMN]` at a distance of [`PANEL`] from word to word
    /// * `sums`: `[ROWS, columns · COLUMN]` at a distance of `width` from row to row
    ///
    /// # Panics
    /// If there are other numbers of parts, or too few values.
    pub fn add(
        &self,
        (states, parts): (&[f32], Parts),
        depth: usize,
        (column, next): (&[f32], Option<&[f32]>),
        (sums, width): (&mut [f32], usize),
        first: bool,
    ) {
        let fits = |column: &[f32]| column.len() >= (depth - 1) * PANEL + COLUMN;
        assert!(depth > 0 && fits(column) && next.is_none_or(fits));
        assert!((1..=MOST_PARTS).contains(&parts.count));
        assert!(states.len() >= (parts.count - 1) * parts.apart + ROWS * depth);
        let outputs = if next.is_some() { 2 * COLUMN } else { COLUMN };
        assert!(width >= outputs && sums.len() >= (ROWS - 1) * width + outputs);
        let sums = sums.as_mut_ptr();
        let whole = depth - depth % WORDS;
        if whole > 0 {
            let (states, steps) = (states.as_ptr(), whole / WORDS);
            let places = Places { states, parts, apart: depth, steps, sums, width, first };
            // SAFETY: states, columns and sums are as long as was asserted, and as many words are whole.
            unsafe { places.add(column.as_ptr(), next.map(<[f32]>::as_ptr)) };
        }
        let rest = depth - whole;
        if rest > 0 {
            // Filled up with zeros, which add nothing.
            let mut last_states = [0.0f32; MOST_PARTS * ROWS * WORDS];
            for (part, to) in last_states.chunks_exact_mut(ROWS * WORDS).take(parts.count).enumerate() {
                let from = &states[part * parts.apart..][..ROWS * depth];
                for (to, from) in to.chunks_exact_mut(WORDS).zip(from.chunks_exact(depth)) {
                    to[..rest].copy_from_slice(&from[whole..]);
                }
            }
            let last_words = |column: &[f32]| {
                let mut words = [0.0f32; WORDS * PANEL];
                let from = &column[whole * PANEL..][..(rest - 1) * PANEL + COLUMN];
                words[..from.len()].copy_from_slice(from);
                words
            };
            let (column, next) = (last_words(column), next.map(last_words));
            let parts = Parts { apart: ROWS * WORDS, ..parts };
            let (states, first) = (last_states.as_ptr(), first && whole == 0);
            let places = Places { states, parts, apart: WORDS, steps: 1, sums, width, first };
            // SAFETY: these are as long as one step takes, and the sums as above.
            unsafe { places.add(column.as_ptr(), next.as_ref().map(|words| words.as_ptr())) };
        }
    }
}

impl Drop for Amx {
    fn drop(&mut self) {
        // SAFETY: they are there.
        unsafe { asm!("tilerelease", options(nostack, nomem)) };
    }
}

/// Where the loop reads and writes.
#[derive(Clone, Copy)]
struct Places {
    states: *const f32,
    parts: Parts,
    /// Words from a row of states to the next.
    apart: usize,
    /// Times [`WORDS`] words, at least one.
    steps: usize,
    sums: *mut f32,
    width: usize,
    first: bool,
}

/// The loop over steps, with the instructions of a number of columns, given where they begin: those that load their
/// sums (of the lower half of the rows behind `;`), begin them, fetch their words of a step, add those of a part of the
/// states, and store the sums.
macro_rules! add_each_step {
    (
        $places:ident, [$($column:ident = $place:expr),*],
        load: $($load:literal)*; $($load_lower:literal)*, begin: $($begin:literal)*, fetch: $($fetch:literal)*,
        part: $($part:literal)*, store: $($store:literal)*; $($store_lower:literal)*
    ) => {{
        let Places { states, parts, apart, steps, sums, width, first } = $places;
        let of_part = parts.apart * size_of::<f32>();
        asm!(
            "test {count:e}, {count:e}",
            "jnz 2f",
            $($load,)*
            "lea {lower}, [{sums} + {width}*8]",
            "lea {lower}, [{lower} + {width}*8]",
            $($load_lower,)*
            "jmp 3f",
            "2:",
            $($begin,)*
            "3:",
            $($fetch,)*
            "mov {count:e}, {parts:e}",
            "4:",
            "lea {lower}, [{states} + {apart}*8]",
            "lea {lower}, [{lower} + {apart}*8]",
            $($part,)*
            "add {states}, {of_part}",
            "dec {count:e}",
            "jnz 4b",
            "add {states}, {on}",
            $(concat!("add {", stringify!($column), "}, {step}"),)*
            "dec {steps}",
            "jnz 3b",
            $($store,)*
            "lea {lower}, [{sums} + {width}*8]",
            "lea {lower}, [{lower} + {width}*8]",
            $($store_lower,)*
            // Whether sums begin, then the parts of a step that are left.
            count = inout(reg) usize::from(first) => _,
            parts = in(reg) parts.count,
            states = inout(reg) states => _,
            // The lower half of the rows, of states or of sums.
            lower = out(reg) _,
            apart = in(reg) apart * size_of::<f32>(),
            of_part = in(reg) of_part,
            // From behind the last part to the first of the next step.
            on = in(reg) (WORDS * size_of::<f32>()).wrapping_sub(parts.count * of_part),
            $($column = inout(reg) $place => _,)*
            row = in(reg) PANEL * size_of::<f32>(),
            step = const WORDS * PANEL * size_of::<f32>(),
            steps = inout(reg) steps => _,
            sums = in(reg) sums,
            width = in(reg) width * size_of::<f32>(),
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        );
    }};
}

impl Places {
    /// Adds the products of [`ROWS`] rows and of one or two columns that begin there.
    ///
    /// # Safety
    /// The registers are configured. Of each part, the states are followed by [`ROWS`] rows `apart`; the columns, of as many
    /// words, by a row of [`PANEL`] for each but the last, of [`COLUMN`] for this; the sums by [`ROWS`] rows of the columns that
    /// nobody else touches.
    unsafe fn add(self, column: *const f32, next: Option<*const f32>) {
        match next {
            // SAFETY: the caller's word.
            Some(next) => unsafe { self.add_two(column, next) },
            // SAFETY: the caller's word.
            None => unsafe { self.add_one(column) },
        }
    }

    /// The same of two columns.
    ///
    /// # Safety
    /// As [`Places::add`].
    unsafe fn add_two(self, left: *const f32, right: *const f32) {
        // SAFETY: the caller's word.
        unsafe {
            add_each_step!(
                self, [left = left, right = right],
                load:
                    "tileloadd tmm0, [{sums} + {width}*1]"
                    "tileloadd tmm1, [{sums} + {width}*1 + 64]";
                    "tileloadd tmm2, [{lower} + {width}*1]"
                    "tileloadd tmm3, [{lower} + {width}*1 + 64]",
                begin:
                    "tilezero tmm0"
                    "tilezero tmm1"
                    "tilezero tmm2"
                    "tilezero tmm3",
                fetch:
                    "tileloadd tmm6, [{left} + {row}*1]"
                    "tileloadd tmm7, [{right} + {row}*1]",
                part:
                    "tileloadd tmm4, [{states} + {apart}*1]"
                    "tdpbf16ps tmm0, tmm4, tmm6"
                    "tileloadd tmm5, [{lower} + {apart}*1]"
                    "tdpbf16ps tmm1, tmm4, tmm7"
                    "tdpbf16ps tmm2, tmm5, tmm6"
                    "tdpbf16ps tmm3, tmm5, tmm7",
                store:
                    "tilestored [{sums} + {width}*1], tmm0"
                    "tilestored [{sums} + {width}*1 + 64], tmm1";
                    "tilestored [{lower} + {width}*1], tmm2"
                    "tilestored [{lower} + {width}*1 + 64], tmm3"
            );
        }
    }

    /// The same of a column.
    ///
    /// # Safety
    /// As [`Places::add`].
    unsafe fn add_one(self, column: *const f32) {
        // SAFETY: the caller's word.
        unsafe {
            add_each_step!(
                self, [column = column],
                load:
                    "tileloadd tmm0, [{sums} + {width}*1]";
                    "tileloadd tmm2, [{lower} + {width}*1]",
                begin:
                    "tilezero tmm0"
                    "tilezero tmm2",
                fetch:
                    "tileloadd tmm6, [{column} + {row}*1]",
                part:
                    "tileloadd tmm4, [{states} + {apart}*1]"
                    "tileloadd tmm5, [{lower} + {apart}*1]"
                    "tdpbf16ps tmm0, tmm4, tmm6"
                    "tdpbf16ps tmm2, tmm5, tmm6",
                store:
                    "tilestored [{sums} + {width}*1], tmm0";
                    "tilestored [{lower} + {width}*1], tmm2"
            );
        }
    }
}
