// What each atom of a codebook is, given who belongs to it: ln r_z(y) / p(y), where r_z(y) / p(y) is
// Σ_x p(x|y) p(z|x) / p(z). In main memory `describe` of src/frontier/curve/pass.rs does the same.
//
// A workgroup takes one y; its lanes are dealt out as those of frontier_encode.wgsl.

struct Params {
    first: u32, // the y of the first workgroup
    count: u32, // workgroups
    words: u32, // of a row of shares, 1024 at most
}

// Keep in sync with `Column` in src/frontier_gpu.rs.
struct Column {
    start: u32,
    end: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> columns: array<Column>;         // [ys]
@group(0) @binding(2) var<storage, read> ids: array<u32>;                // [entries], the x of each
@group(0) @binding(3) var<storage, read> weights: array<f32>;            // [entries], p(x|y)
@group(0) @binding(4) var<storage, read> shares: array<u32>;             // [xs, words], p(z|x)
@group(0) @binding(5) var<storage, read> log_weights: array<vec2<f32>>;  // [words], ln p(z)
@group(0) @binding(6) var<storage, read_write> table: array<u32>;        // [ys, words]

const LANES: u32 = 256u;
// Logarithms are whole multiples of 1 / UNITS that 16 bits hold.
const UNITS: f32 = 512.0;
const LEAST: f32 = -32768.0;
const MOST: f32 = 32767.0;

var<workgroup> sums: array<vec2<f32>, 1024>;

fn nearest(sum: f32, log_weight: f32) -> u32 {
    let log = clamp(UNITS * (log(max(sum, 1e-37)) - log_weight), LEAST, MOST);
    return u32(i32(select(LEAST, round(log), sum > 0.0))) & 0xffffu;
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let item = workgroup.y * workgroups.x + workgroup.x;
    if item >= params.count {
        return;
    }
    let y = params.first + item;
    let column = columns[y];
    let words = params.words;
    let across = min(words, LANES);
    let parts = LANES / across;
    let part = lane / across;
    if part < parts {
        for (var word = lane % across; word < words; word += across) {
            var sum = vec2<f32>();
            for (var entry = column.start + part; entry < column.end; entry += parts) {
                let pair = shares[ids[entry] * words + word];
                let two = vec2<f32>(bitcast<f32>(pair << 16u), bitcast<f32>(pair & 0xffff0000u));
                sum += weights[entry] * two;
            }
            sums[part * words + word] = sum;
        }
    }
    workgroupBarrier();
    for (var word = lane; word < words; word += LANES) {
        var sum = sums[word];
        for (var other = 1u; other < parts; other++) {
            sum += sums[other * words + word];
        }
        let logs = log_weights[word];
        table[y * words + word] = nearest(sum.x, logs.x) | (nearest(sum.y, logs.y) << 16u);
    }
}
