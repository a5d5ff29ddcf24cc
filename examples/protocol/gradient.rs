// A program that refnet can ask for gradients: logistic_neuron and softmax_cross_entropy, in Rust.
//
//     rustc -O -o gradient examples/protocol/gradient.rs
//     refnet validate --process ./gradient --against softmax_cross_entropy
//
// One line of JSON comes in on stdin, one goes out on stdout; every message is answered.  No crate
// is needed: the layout is known beforehand, so that a member is found by its name.
use std::io::{self, BufRead, Write};

/// What follows "name": in the line.
fn member<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let key = format!("\"{name}\"");
    line.match_indices(&key)
        .filter_map(|(at, _)| line[at + key.len()..].trim_start().strip_prefix(':'))
        .map(str::trim_start)
        .next()
}

fn word<'a>(line: &'a str, name: &str) -> &'a str {
    let text = member(line, name).and_then(|rest| rest.strip_prefix('"')).unwrap_or("");
    &text[..text.find('"').unwrap_or(0)]
}

/// A number, or a nested list of them: (row after row, the length of a row).
fn numbers(line: &str, name: &str) -> Option<(Vec<f64>, usize)> {
    let text = member(line, name)?;
    let (mut depth, mut end) = (0, text.len());
    for (at, c) in text.char_indices() {
        depth += (c == '[') as i32 - (c == ']') as i32;
        if depth == 0 && (c == ']' || c == ',' || c == '}') {
            end = at;
            break;
        }
    }
    let text = &text[..end];
    let values: Result<Vec<f64>, _> = text
        .split(|c| "[], ".contains(c))
        .filter(|piece| !piece.is_empty())
        .map(str::parse)
        .collect();
    let values = values.ok()?;
    let rows = text.matches('[').count().saturating_sub(1).max(1);
    let row = values.len() / rows;
    Some((values, row))
}

fn list(values: &[f64]) -> String {
    let words: Vec<String> = values.iter().map(|value| format!("{value:e}")).collect();
    format!("[{}]", words.join(", "))
}

fn sigmoid(z: f64) -> f64 {
    let e = (-z.abs()).exp();
    if z >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
}

/// L = -mean (y log a + (1 - y) log(1 - a)), a = sigmoid(w x + b):  dL/dz = (a - y) / n
fn logistic_neuron(line: &str) -> Option<String> {
    let (w, b) = (numbers(line, "w")?.0[0], numbers(line, "b")?.0[0]);
    let (x, y) = (numbers(line, "x")?.0, numbers(line, "y")?.0);
    let n = x.len() as f64;
    let residual = |(x, y): (&f64, &f64)| {
        let z = w * x + b;
        ((1.0 - y) * sigmoid(z) - y * sigmoid(-z)) / n // a - y would cancel
    };
    let dz: Vec<f64> = x.iter().zip(&y).map(residual).collect();
    let dw: f64 = dz.iter().zip(&x).map(|(d, x)| d * x).sum();
    let db: f64 = dz.iter().sum();
    let dx: Vec<f64> = dz.iter().map(|d| d * w).collect();
    Some(format!("{{\"params\": {{\"w\": {dw:e}, \"b\": {db:e}}}, \"x\": {}}}", list(&dx)))
}

/// L = -mean over rows of sum t log softmax(z)
fn softmax_cross_entropy(line: &str) -> Option<String> {
    let ((z, classes), (t, _)) = (numbers(line, "z")?, numbers(line, "t")?);
    let rows = (z.len() / classes) as f64;
    let gradient = |(z, t): (&[f64], &[f64])| {
        let top = z.iter().cloned().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = z.iter().map(|z| (z - top).exp()).collect();
        let total: f64 = weights.iter().sum();
        let others = |c: usize, v: &[f64]| -> f64 {
            v.iter().enumerate().filter(|(k, _)| *k != c).map(|(_, v)| v).sum()
        };
        let entry = |c: usize| {
            (weights[c] * others(c, t) - t[c] * others(c, &weights)) / total / rows
        };
        list(&(0..classes).map(entry).collect::<Vec<f64>>())
    };
    let dz: Vec<String> = z.chunks(classes).zip(t.chunks(classes)).map(gradient).collect();
    Some(format!("{{\"z\": [{}]}}", dz.join(", ")))
}

fn answer(line: &str) -> String {
    let module = word(line, "module");
    match word(line, "kind") {
        "define" => {
            let known = ["logistic_neuron", "softmax_cross_entropy"].contains(&module);
            format!(", \"success\": {known}")
        }
        "evaluate" => {
            let output = match module {
                "logistic_neuron" => logistic_neuron(line),
                "softmax_cross_entropy" => softmax_cross_entropy(line),
                _ => None,
            };
            match output {
                Some(output) => format!(", \"success\": true, \"output\": {output}"),
                None => ", \"success\": false, \"error\": \"not in the layout\"".to_string(),
            }
        }
        _ => String::new(),
    }
}

fn main() {
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        let id: String = member(&line, "id")
            .unwrap_or("0")
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        println!("{{\"id\": {id}{}}}", answer(&line));
        io::stdout().flush().expect("nobody reads");
    }
}
