//! Callers: threads with a connection each, that send, read to the end, check, and send again.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A request as bytes, and what its answer must be.
pub(crate) struct Request {
    pub(crate) bytes: Vec<u8>,
    pub(crate) status: u16,
    /// Stands in the body.
    pub(crate) contains: String,
}

/// How long each request took.
pub(crate) struct Figures {
    sorted: Vec<Duration>,
    time: Duration,
}

impl Figures {
    pub(crate) fn per_second(&self) -> f64 {
        f64::from(u32::try_from(self.sorted.len()).unwrap()) / self.time.as_secs_f64()
    }

    /// Microseconds of each request, of a time that all of them took together.
    pub(crate) fn each(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1e6 / f64::from(u32::try_from(self.sorted.len().max(1)).unwrap())
    }

    fn percentile_ms(&self, percent: usize) -> f64 {
        let last = self.sorted.len() - 1;
        self.sorted[(self.sorted.len() * percent / 100).min(last)].as_secs_f64() * 1e3
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p99, worst] = [50, 99, 100].map(|percent| self.percentile_ms(percent));
        write!(f, "{:.0} | {p50:.2} | {p99:.2} | {worst:.1}", self.per_second())
    }
}

/// When the next request is made.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// As soon as the one before is answered.
    AsAnswered,
    /// So many in a second, whether the ones before are answered or not, as far as there are callers: what a request waits for
    /// its caller counts as well.
    PerSecond(u32),
}

/// Asks for as long as told from so many callers; each request gets a number of its own.
pub(crate) fn run(
    address: SocketAddr,
    callers: usize,
    pace: Pace,
    time: Duration,
    request: &(dyn Fn(usize) -> Request + Sync),
) -> Figures {
    let (next, begun) = (AtomicUsize::new(0), Instant::now());
    let mut sorted: Vec<Duration> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..callers)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = Connection::open(address);
                    let mut took = Vec::new();
                    while begun.elapsed() < time {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let request = request(number);
                        let due = match pace {
                            Pace::AsAnswered => Instant::now(),
                            Pace::PerSecond(count) => {
                                begun + Duration::from_secs(1) * u32::try_from(number).unwrap() / count
                            }
                        };
                        while let Some(left) =
                            due.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
                        {
                            std::thread::park_timeout(left);
                        }
                        connection.ask(&request);
                        took.push(due.elapsed());
                    }
                    took
                })
            })
            .collect();
        callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect()
    });
    let time = begun.elapsed();
    sorted.sort_unstable();
    Figures { sorted, time }
}

struct Connection {
    stream: TcpStream,
    heard: Vec<u8>,
}

impl Connection {
    fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, heard: Vec::with_capacity(16 * 1024) }
    }

    /// Sends and reads one answer with a Content-Length, and compares it.
    fn ask(&mut self, request: &Request) {
        self.stream.write_all(&request.bytes).unwrap();
        self.heard.clear();
        let mut chunk = [0; 16 * 1024];
        let mut end = None;
        while end.is_none_or(|end| self.heard.len() < end) {
            let read = self.stream.read(&mut chunk).unwrap();
            assert!(read > 0, "the server hung up: {}", String::from_utf8_lossy(&self.heard));
            self.heard.extend_from_slice(&chunk[..read]);
            end = end.or_else(|| whole(&self.heard));
        }
        let text = String::from_utf8_lossy(&self.heard);
        let fits = text[9..].starts_with(&request.status.to_string()) && text.contains(&request.contains);
        assert!(fits, "expected {} with {}: {text}", request.status, request.contains);
    }
}

/// The length of the whole answer, once its head is there.
fn whole(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).unwrap().to_ascii_lowercase();
    let length = text.split("content-length: ").nth(1)?.split("\r\n").next()?;
    Some(head + length.parse::<usize>().unwrap())
}
