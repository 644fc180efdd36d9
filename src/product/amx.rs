//! Products of pairs by the tiles of AMX, which processors of servers have: 16 rows by 16 outputs a register, 16 words of
//! each row at a time.
//!
//! Of 16 words the products of the first and of the second number of each pair are summed apart, in order, by fused
//! multiplications; then both are added to each other, and these to the sum so far.

use std::arch::asm;
use std::marker::PhantomData;

use super::instructions::has_amx;
use super::tile::PANEL;

/// Rows that are multiplied at once: two registers of them.
pub const ROWS: usize = 32;
/// Words that are.
pub const WORDS: usize = 16;

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

    /// Adds the products of [`ROWS`] rows of a stretch of words and of a panel to the sums of the first `outputs` outputs,
    /// or begins these. Further sums become anything.
    ///
    /// * `states`: `[ROWS, depth]`
    /// * `panel`: `[depth, PANEL]`
    /// * `sums`: `[ROWS, PANEL]` at a distance of `width` from row to row
    pub fn add(
        &self,
        states: &[f32],
        panel: &[f32],
        outputs: usize,
        (sums, width): (&mut [f32], usize),
        first: bool,
    ) {
        let depth = panel.len() / PANEL;
        assert!(states.len() == ROWS * depth && outputs <= PANEL && width >= PANEL);
        assert!(sums.len() >= (ROWS - 1) * width + PANEL);
        let whole = depth - depth % WORDS;
        if whole > 0 {
            let steps = whole / WORDS;
            let (states, panel, sums) = (states.as_ptr(), panel.as_ptr(), sums.as_mut_ptr());
            // SAFETY: states, panel and sums are as long as was asserted, and as many words are whole.
            unsafe { add_steps(Places { states, apart: depth, panel, steps, sums, width, first }, outputs) };
        }
        let rest = depth - whole;
        if rest > 0 {
            // Filled up with zeros, which add nothing.
            let mut last_states = [0.0f32; ROWS * WORDS];
            for (to, from) in last_states.chunks_exact_mut(WORDS).zip(states.chunks_exact(depth)) {
                to[..rest].copy_from_slice(&from[whole..]);
            }
            let mut last_panel = [0.0f32; WORDS * PANEL];
            last_panel[..rest * PANEL].copy_from_slice(&panel[whole * PANEL..][..rest * PANEL]);
            let (states, panel, sums) = (last_states.as_ptr(), last_panel.as_ptr(), sums.as_mut_ptr());
            let first = first && whole == 0;
            // SAFETY: these are as long as one step takes, and the sums as above.
            unsafe {
                add_steps(Places { states, apart: WORDS, panel, steps: 1, sums, width, first }, outputs)
            };
        }
    }
}

impl Drop for Amx {
    fn drop(&mut self) {
        // SAFETY: they are there.
        unsafe { asm!("tilerelease", options(nostack, nomem)) };
    }
}

/// Outputs whose sums four registers hold, of [`ROWS`] rows.
const WIDE: usize = 32;

/// Where the loop reads and writes.
#[derive(Clone, Copy)]
struct Places {
    states: *const f32,
    apart: usize,
    panel: *const f32,
    /// Times [`WORDS`] words, at least one.
    steps: usize,
    sums: *mut f32,
    width: usize,
    first: bool,
}

/// [`ROWS`] rows by the first `outputs` of a panel, and some more.
///
/// # Safety
/// The registers are configured. The states are followed by [`ROWS`] rows `apart`, the panel by a row of [`PANEL`] for each
/// word, the sums by [`ROWS`] rows of [`PANEL`] that nobody else touches.
unsafe fn add_steps(places: Places, outputs: usize) {
    // SAFETY: the caller's word.
    unsafe {
        add_wide(places);
        if outputs > WIDE {
            add_narrow(Places { panel: places.panel.add(WIDE), sums: places.sums.add(WIDE), ..places });
        }
    }
}

/// The loop over steps, with the instructions of a number of outputs: those that load their sums, begin them, add a
/// step, and store them.
macro_rules! add_each_step {
    ($places:ident, load: $($load:literal)*, begin: $($begin:literal)*, step: $($step:literal)*, store: $($store:literal)*) => {{
        let Places { states, apart, panel, steps, sums, width, first } = $places;
        asm!(
            "test {first:e}, {first:e}",
            "jnz 2f",
            $($load,)*
            "jmp 3f",
            "2:",
            $($begin,)*
            "3:",
            $($step,)*
            "add {states}, 64",
            "add {others}, 64",
            "add {panel}, {step}",
            "dec {steps}",
            "jnz 3b",
            $($store,)*
            first = in(reg) u32::from(first),
            states = inout(reg) states => _,
            others = inout(reg) states.add(ROWS / 2 * apart) => _,
            apart = in(reg) apart * size_of::<f32>(),
            panel = inout(reg) panel => _,
            row = in(reg) PANEL * size_of::<f32>(),
            step = const WORDS * PANEL * size_of::<f32>(),
            steps = inout(reg) steps => _,
            sums = in(reg) sums,
            lower = in(reg) sums.add(ROWS / 2 * width),
            width = in(reg) width * size_of::<f32>(),
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        );
    }};
}

/// [`ROWS`] rows by [`WIDE`] outputs.
///
/// # Safety
/// As [`add_steps`].
unsafe fn add_wide(places: Places) {
    // SAFETY: the caller's word.
    unsafe {
        add_each_step!(
            places,
            load:
                "tileloadd tmm0, [{sums} + {width}*1]"
                "tileloadd tmm1, [{sums} + {width}*1 + 64]"
                "tileloadd tmm2, [{lower} + {width}*1]"
                "tileloadd tmm3, [{lower} + {width}*1 + 64]",
            begin:
                "tilezero tmm0"
                "tilezero tmm1"
                "tilezero tmm2"
                "tilezero tmm3",
            step:
                "tileloadd tmm6, [{panel} + {row}*1]"
                "tileloadd tmm4, [{states} + {apart}*1]"
                "tileloadd tmm7, [{panel} + {row}*1 + 64]"
                "tdpbf16ps tmm0, tmm4, tmm6"
                "tileloadd tmm5, [{others} + {apart}*1]"
                "tdpbf16ps tmm1, tmm4, tmm7"
                "tdpbf16ps tmm2, tmm5, tmm6"
                "tdpbf16ps tmm3, tmm5, tmm7",
            store:
                "tilestored [{sums} + {width}*1], tmm0"
                "tilestored [{sums} + {width}*1 + 64], tmm1"
                "tilestored [{lower} + {width}*1], tmm2"
                "tilestored [{lower} + {width}*1 + 64], tmm3"
        );
    }
}

/// [`ROWS`] rows by half as many outputs.
///
/// # Safety
/// As [`add_steps`].
unsafe fn add_narrow(places: Places) {
    // SAFETY: the caller's word.
    unsafe {
        add_each_step!(
            places,
            load:
                "tileloadd tmm0, [{sums} + {width}*1]"
                "tileloadd tmm2, [{lower} + {width}*1]",
            begin:
                "tilezero tmm0"
                "tilezero tmm2",
            step:
                "tileloadd tmm6, [{panel} + {row}*1]"
                "tileloadd tmm4, [{states} + {apart}*1]"
                "tileloadd tmm5, [{others} + {apart}*1]"
                "tdpbf16ps tmm0, tmm4, tmm6"
                "tdpbf16ps tmm2, tmm5, tmm6",
            store:
                "tilestored [{sums} + {width}*1], tmm0"
                "tilestored [{lower} + {width}*1], tmm2"
        );
    }
}
