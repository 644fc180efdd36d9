//! Products of matrices in main memory: gemm behind checks.

pub use gemm::Parallelism;

/// `out = a · b`, `[rows, inner]` row by row and `[inner, columns]` with these strides of its rows and
/// columns, to `[rows, columns]` row by row.
///
/// # Panics
/// If the sizes do not fit each other, or neither the rows nor the columns of `b` follow each other.
pub fn product(
    a: &[f32],
    inner: usize,
    (b, (row_stride, column_stride)): (&[f32], (usize, usize)),
    out: &mut [f32],
    threads: Parallelism,
) {
    let (rows, columns) = (a.len() / inner, b.len() / inner);
    assert_eq!((a.len(), b.len(), out.len()), (rows * inner, inner * columns, rows * columns));
    assert!(
        (row_stride, column_stride) == (columns, 1) || (row_stride, column_stride) == (1, inner),
        "rows or columns of b follow each other"
    );
    // SAFETY: each pointer is followed at row · row stride + column · column stride for as many rows and
    // columns as the assertions say lie there; `out` is not read.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            inner,
            out.as_mut_ptr(),
            1,
            columns as isize,
            false,
            a.as_ptr(),
            1,
            inner as isize,
            b.as_ptr(),
            column_stride as isize,
            row_stride as isize,
            0.0,
            1.0,
            false,
            false,
            false,
            threads,
        );
    }
}
