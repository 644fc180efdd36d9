//! What this processor multiplies pairs of bf16 with.

/// The instructions for products of pairs, where this processor has some of its own: with them sums come in another
/// order, or numbers of fewer digits are zero.
pub fn instructions_for_pairs() -> Option<&'static str> {
    #[cfg(target_arch = "x86_64")]
    {
        if has_amx() {
            return Some("amx-bf16");
        }
        if std::arch::is_x86_feature_detected!("avx512bf16") {
            return Some("avx512bf16");
        }
    }
    None
}

/// Whether there are the tiles of AMX, and the system lets us use them.
pub fn has_amx() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        use std::sync::LazyLock;
        static THERE: LazyLock<bool> = LazyLock::new(|| has_instructions() && is_permitted());
        *THERE
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

#[cfg(target_arch = "x86_64")]
fn has_instructions() -> bool {
    use std::arch::x86_64::{__cpuid_count, _xgetbv};
    /// Registers for tiles, and products of bf16 in them.
    const AMX: u32 = 1 << 24 | 1 << 22;
    /// It can be asked what the system saves.
    const CAN_ASK: u32 = 1 << 27;
    /// The configuration of tiles, and what they hold.
    const TILES: u64 = 0b11 << 17;
    #[target_feature(enable = "xsave")]
    fn saved() -> u64 {
        // SAFETY: register 0 is there where others are.
        unsafe { _xgetbv(0) }
    }
    if __cpuid_count(0, 0).eax < 7 || __cpuid_count(1, 0).ecx & CAN_ASK == 0 {
        return false;
    }
    // SAFETY: it can be asked.
    __cpuid_count(7, 0).edx & AMX == AMX && unsafe { saved() } & TILES == TILES
}

/// Asks for the memory that a thread's tiles take when they are saved, for this process and once.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn is_permitted() -> bool {
    const ARCH_PRCTL: isize = 158;
    const REQUEST_PERMISSION: usize = 0x1023;
    /// What tiles hold, among all that is saved.
    const TILE_DATA: usize = 18;
    let answer: isize;
    // SAFETY: it touches no memory of ours.
    unsafe {
        std::arch::asm!(
            "syscall",
            inlateout("rax") ARCH_PRCTL => answer,
            in("rdi") REQUEST_PERMISSION,
            in("rsi") TILE_DATA,
            out("rcx") _,
            out("r11") _,
            options(nostack),
        );
    }
    answer == 0
}

#[cfg(all(target_arch = "x86_64", not(target_os = "linux")))]
fn is_permitted() -> bool {
    false
}
