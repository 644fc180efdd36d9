// Cosines of hidden states with the reference points.
// Twin: src/estimator/cpu/cosine_scores.rs, with the same inputs and outputs.
//
// A workgroup computes a tile of 32 states by 32 points. Both tiles pass through workgroup memory 32
// columns at a time; each invocation holds a 2 x 2 block of products. Squares are summed where states are read,
// each element once, and meet in workgroup memory at the end.
//
// WGSL lets an implementation assume that no number is NaN or infinite, so no score rests on one: elements are
// tested as bits before they are numbers, and a square that would overflow is known by its shrunk twin, which
// cannot. A state that fails either test gets the score REFUSED.

struct Params {
    rows: u32,    // states to score
    width: u32,   // hidden size h
    points: u32,  // reference points, also the row length of `scores`
    half: u32,    // 1 where scores are rounded to what f16 holds
}

// A state to score: its row in `hidden` and the row of `scores` it goes to.
struct Row {
    source: u32,
    target_row: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
// f32, read as bits. Bound read-write although only read: the tensor library may have it bound so elsewhere in the
// buffer.
@group(0) @binding(1) var<storage, read_write> hidden: array<u32>;   // [.., width]
@group(0) @binding(2) var<storage, read> reference: array<f32>;      // [points, width]
@group(0) @binding(3) var<storage, read> rows: array<Row>;           // [rows]
@group(0) @binding(4) var<storage, read_write> scores: array<f32>;   // [.., points]

const TILE: u32 = 32u;
// One column more than a tile, so that reading down a column spreads over the memory banks.
const PITCH: u32 = 33u;

// Keep in sync with src/estimator/mod.rs: a score that no cosine is, and the largest |z|^2 of a state measured.
const REFUSED: f32 = 4.0;
const LARGEST_SQUARE: f32 = 3.0e38;
// 2^-80: the square of any number so shrunk, and the sum of 2^28 of them, is far from overflow; and those that matter,
// where |z|^2 is near LARGEST_SQUARE, are far from underflow.
const SHRINK: f32 = 8.271806125530277e-25;
const LARGEST_SHRUNK: f32 = LARGEST_SQUARE * SHRINK * SHRINK;

// The bits of plus infinity: those of a number without its sign are below.
const INFINITE: u32 = 0x7f800000u;

var<workgroup> state_tile: array<f32, 1056>;  // TILE * PITCH
var<workgroup> point_tile: array<f32, 1056>;

// 1/|z| from |z|^2; a zero state has no direction and scores zero everywhere.
fn inverse_norm(square: f32) -> f32 {
    if square == 0.0 {
        return 0.0;
    }
    return 1.0 / sqrt(square);
}

// The nearest number that f16 holds, the even one of two: as bits, since a device may flush what f16 has below 2^-14,
// and needs no f16 for it.
fn rounded(score: f32) -> f32 {
    if abs(score) < 6.103515625e-5 {
        // Multiples of 2^-24.
        return round(score * 16777216.0) / 16777216.0;
    }
    let bits = bitcast<u32>(score);
    return bitcast<f32>((bits + 0xfffu + ((bits >> 13u) & 1u)) & 0xffffe000u);
}

@compute @workgroup_size(16, 16)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let first_point = workgroup.x * TILE;
    let first_row = workgroup.y * TILE;
    var products = array<f32, 4>(0.0, 0.0, 0.0, 0.0);
    // Of the elements this invocation reads, four lines' in one column of each tile.
    var squares = array<f32, 4>(0.0, 0.0, 0.0, 0.0);
    var shrunk = array<f32, 4>(0.0, 0.0, 0.0, 0.0);

    for (var first_column = 0u; first_column < params.width; first_column += TILE) {
        for (var part = 0u; part < 4u; part++) {
            let cell = index + 256u * part;
            let line = cell / TILE;
            let column = cell % TILE;
            let inside = first_column + column < params.width;
            var state = 0.0;
            if inside && first_row + line < params.rows {
                let bits = hidden[rows[first_row + line].source * params.width + first_column + column];
                if (bits & 0x7fffffffu) < INFINITE {
                    state = bitcast<f32>(bits);
                } else {
                    shrunk[part] = 1.0;
                }
            }
            var point = 0.0;
            if inside && first_point + line < params.points {
                point = reference[(first_point + line) * params.width + first_column + column];
            }
            squares[part] += state * state;
            let small = state * SHRINK;
            shrunk[part] += small * small;
            state_tile[line * PITCH + column] = state;
            point_tile[line * PITCH + column] = point;
        }
        workgroupBarrier();
        for (var column = 0u; column < TILE; column++) {
            let state0 = state_tile[local.y * PITCH + column];
            let state1 = state_tile[(local.y + 16u) * PITCH + column];
            let point0 = point_tile[local.x * PITCH + column];
            let point1 = point_tile[(local.x + 16u) * PITCH + column];
            products[0] += state0 * point0;
            products[1] += state0 * point1;
            products[2] += state1 * point0;
            products[3] += state1 * point1;
        }
        workgroupBarrier();
    }

    for (var part = 0u; part < 4u; part++) {
        let cell = index + 256u * part;
        state_tile[cell / TILE * PITCH + cell % TILE] = squares[part];
        point_tile[cell / TILE * PITCH + cell % TILE] = shrunk[part];
    }
    workgroupBarrier();
    for (var row_half = 0u; row_half < 2u; row_half++) {
        let line = local.y + 16u * row_half;
        let row = first_row + line;
        if row >= params.rows {
            continue;
        }
        var square = 0.0;
        var shrunk_square = 0.0;
        for (var column = 0u; column < TILE; column++) {
            square += state_tile[line * PITCH + column];
            shrunk_square += point_tile[line * PITCH + column];
        }
        let refused = shrunk_square > LARGEST_SHRUNK;
        let scale = inverse_norm(square);
        for (var point_half = 0u; point_half < 2u; point_half++) {
            let point = first_point + local.x + 16u * point_half;
            if point < params.points {
                var score = products[2u * row_half + point_half] * scale;
                if params.half == 1u {
                    score = rounded(score);
                }
                scores[rows[row].target_row * params.points + point] = select(score, REFUSED, refused);
            }
        }
    }
}
