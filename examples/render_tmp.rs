//! tmp
use podclaw::cloud_init::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let src = if a[2].contains('@') {
        GatewaySource::Registry(a[2].parse().unwrap())
    } else {
        GatewaySource::Archive { id: a[2].parse().unwrap() }
    };
    let mut s = Settings::new(a[1].parse().unwrap(), src);
    if let Some(m) = a.get(3) {
        s.gateway_memory = MemoryMib::try_from(m.parse::<u64>().unwrap()).unwrap();
    }
    if let Some(m) = a.get(4) {
        if m == "native" {
            s.storage = StorageDriver::Native
        }
    }
    print!("{}", render(&Templates::builtin(), &s).unwrap());
}
