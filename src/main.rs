//! The program: the window, or one of the headless commands.

use std::process::ExitCode;

fn main() -> ExitCode {
    infoplane::cli::main()
}
