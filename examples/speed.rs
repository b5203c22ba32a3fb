use std::time::Instant;
fn main() {
    let dir = std::env::args().nth(1).unwrap();
    let mut texts = Vec::new();
    for f in vmlint::input::walk::files(&[dir.into()]) {
        let f = f.unwrap();
        texts.push(std::fs::read_to_string(&f.path).unwrap());
    }
    let mut v = vmlint::tree::Vocabulary::default();
    for n in "domain devices interface disk source target type driver name model address bus slot function alias tpm backend crypto cpu mode os machine arch video graphics channel controller hostdev vcpu vcpus memory features pm filesystem iotune metadata seclabel emulator".split(' ') { v.intern("", n); }
    for _ in 0..3 {
        let t = Instant::now();
        let mut n = 0;
        for x in &texts {
            n += roxmltree::Document::parse(x).unwrap().root().range().end;
        }
        let a = t.elapsed();
        let t = Instant::now();
        for x in &texts {
            n += vmlint::input::xml::read(x, &v, |_, _| {}).unwrap().len();
        }
        let b = t.elapsed();
        println!(
            "{n} rox {:?} tree {:?} per file {:?} {:?} ratio {:.2}",
            a,
            b,
            a / texts.len() as u32,
            b / texts.len() as u32,
            b.as_secs_f64() / a.as_secs_f64()
        );
    }
}
