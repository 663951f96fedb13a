// @ts-nocheck AssemblyScript, not TypeScript: `deno task kernels` compiles this file to kernels.wasm.
/**
 * The inner loops of training. They look like TypeScript, but use WebAssembly's vector instructions: `f32x4.add` adds four float32
 * at once, `f64x2.add` two float64. That takes half the time of the same loop in JavaScript.
 *
 * `usize` is an address in bytes. Each array begins at a multiple of 64 bytes, and the bytes between its end and the next multiple
 * are unused. So a loop need not care whether the array ends in the middle of a vector.
 */

// The optimizers' updates: float32 in memory, float64 in between, as in a JavaScript loop over Float32Arrays.

/** w −= (a · m + b · g) / (√(c · v) + ε), after m += (g − m) · share1 and v += (g² − v) · share2; training/optimizers.ts says what the numbers are. */
export function nadam(
  count: i32,
  weight: usize,
  gradient: usize,
  momentum: usize,
  velocity: usize,
  share1: f64,
  share2: f64,
  a: f64,
  b: f64,
  c: f64,
  epsilon: f64,
): void {
  for (let at: usize = 0, end = bytes(count); at < end; at += 8) {
    const g = load2(gradient + at);
    const m = store2(momentum + at, moved(load2(momentum + at), g, share1));
    const v = store2(velocity + at, moved(load2(velocity + at), mul(g, g), share2));
    const top = add(mul(both(a), m), mul(both(b), g));
    const bottom = add(sqrt2(mul(v, both(c))), both(epsilon));
    store2(weight + at, sub(load2(weight + at), div(top, bottom)));
  }
}

/** w −= α · m / (√v + ε), after m += (g − m) · share1 and v += (g² − v) · share2. */
export function adam(
  count: i32,
  weight: usize,
  gradient: usize,
  momentum: usize,
  velocity: usize,
  share1: f64,
  share2: f64,
  alpha: f64,
  epsilon: f64,
): void {
  for (let at: usize = 0, end = bytes(count); at < end; at += 8) {
    const g = load2(gradient + at);
    const m = store2(momentum + at, moved(load2(momentum + at), g, share1));
    const v = store2(velocity + at, moved(load2(velocity + at), mul(g, g), share2));
    const step = div(mul(both(alpha), m), add(sqrt2(v), both(epsilon)));
    store2(weight + at, sub(load2(weight + at), step));
  }
}

/** w −= rate · g / √(v + ε), after v = ρ · v + share · g². */
export function rmsprop(
  count: i32,
  weight: usize,
  gradient: usize,
  velocity: usize,
  rho: f64,
  share: f64,
  rate: f64,
  epsilon: f64,
): void {
  for (let at: usize = 0, end = bytes(count); at < end; at += 8) {
    const g = load2(gradient + at);
    const square = mul(mul(both(share), g), g);
    const v = store2(velocity + at, add(mul(both(rho), load2(velocity + at)), square));
    const step = div(mul(both(rate), g), sqrt2(add(v, both(epsilon))));
    store2(weight + at, sub(load2(weight + at), step));
  }
}

// The two products of a softmax layer. Each row takes `row` bytes, a multiple of 16; the bytes after its numbers are zero.

/** logits = x · kernelᵀ: x (4 · groups, features), kernel (classes, features), logits (4 · groups, classes). */
export function forward(groups: i32, classes: i32, row: usize, x: usize, kernel: usize, logits: usize): void {
  for (const end = x + groups * 4 * row; x < end; x += 4 * row) { // four rows at a time share each load of the kernel
    for (let c = 0, k = kernel; c < classes; c++, logits += 4) {
      let sum0 = f32x4.splat(0), sum1 = sum0, sum2 = sum0, sum3 = sum0;
      for (let at = x; at < x + row; at += 16, k += 16) {
        const factor = v128.load(k);
        sum0 = f32x4.add(sum0, f32x4.mul(v128.load(at), factor));
        sum1 = f32x4.add(sum1, f32x4.mul(v128.load(at + row), factor));
        sum2 = f32x4.add(sum2, f32x4.mul(v128.load(at + 2 * row), factor));
        sum3 = f32x4.add(sum3, f32x4.mul(v128.load(at + 3 * row), factor));
      }
      store<f32>(logits, total(sum0));
      store<f32>(logits + bytes(classes), total(sum1));
      store<f32>(logits + bytes(2 * classes), total(sum2));
      store<f32>(logits + bytes(3 * classes), total(sum3));
    }
    logits += bytes(3 * classes);
  }
}

/** result = errorᵀ · x: error (4 · groups, classes), x (4 · groups, features), result (classes, features). */
export function backward(groups: i32, classes: i32, row: usize, x: usize, error: usize, result: usize): void {
  const errorRow = bytes(classes);
  for (let c = 0; c < classes; c++, error += 4, result += row) {
    memory.fill(result, 0, row);
    for (let g = 0, x0 = x, e = error; g < groups; g++, x0 += 4 * row, e += 4 * errorRow) {
      const error0 = v128.load32_splat(e);
      const error1 = v128.load32_splat(e + errorRow);
      const error2 = v128.load32_splat(e + 2 * errorRow);
      const error3 = v128.load32_splat(e + 3 * errorRow);
      for (let at: usize = 0; at < row; at += 16) {
        let sum = v128.load(result + at);
        sum = f32x4.add(sum, f32x4.mul(v128.load(x0 + at), error0));
        sum = f32x4.add(sum, f32x4.mul(v128.load(x0 + row + at), error1));
        sum = f32x4.add(sum, f32x4.mul(v128.load(x0 + 2 * row + at), error2));
        sum = f32x4.add(sum, f32x4.mul(v128.load(x0 + 3 * row + at), error3));
        v128.store(result + at, sum);
      }
    }
  }
}

/** The sum of a vector's four numbers, added from the first to the last. */
function total(sums: v128): f32 {
  return <f32> (<f64> f32x4.extract_lane(sums, 0) + <f64> f32x4.extract_lane(sums, 1) +
    <f64> f32x4.extract_lane(sums, 2) + <f64> f32x4.extract_lane(sums, 3));
}

/** Size of `count` float32. */
function bytes(count: i32): usize {
  return <usize> count << 2;
}

/** A running mean, moved by a share of the way to a new value. */
function moved(mean: v128, value: v128, share: f64): v128 {
  return add(mean, mul(sub(value, mean), both(share)));
}

/** Reads two float32 as two float64. */
function load2(address: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(address));
}

/** Rounds two float64 to float32 and writes them. Returns what was written, as two float64. */
function store2(address: usize, values: v128): v128 {
  const rounded = f32x4.demote_f64x2_zero(values);
  v128.store64_lane(address, rounded, 0);
  return f64x2.promote_low_f32x4(rounded);
}

function both(value: f64): v128 {
  return f64x2.splat(value);
}

function add(a: v128, b: v128): v128 {
  return f64x2.add(a, b);
}

function sub(a: v128, b: v128): v128 {
  return f64x2.sub(a, b);
}

function mul(a: v128, b: v128): v128 {
  return f64x2.mul(a, b);
}

function div(a: v128, b: v128): v128 {
  return f64x2.div(a, b);
}

function sqrt2(a: v128): v128 {
  return f64x2.sqrt(a);
}
