// One socket that stays: it authenticates, notices when the line is dead, and comes back.

export type Frame = { type: string; [name: string]: unknown };

interface Owner {
  /** The first frame of every connection. */
  hello(): Frame;
  onFrame(frame: Frame): void;
  /** `why` is empty while we keep trying, else the code of what the server has against us. */
  onLost(why: string): void;
}

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
const STEADY = 10_000;
const PING_EVERY = 20_000;
const PONG_WITHIN = 10_000;
const AWAKE = ["online", "focus", "pageshow"];
// After these a reconnect would change nothing.
const FINAL = [4400, 4401, 4403, 4404];

export class Socket {
  readonly #url: string;
  readonly #owner: Owner;
  readonly #life = new AbortController();
  #line: WebSocket | undefined;
  #ready = false;
  #complaint = "";
  #tries = 0;
  #since = 0;
  #isAsking = false;
  #pause: number | undefined;
  #pulse: number | undefined;

  constructor(url: string, owner: Owner) {
    this.#url = url;
    this.#owner = owner;
    const { signal } = this.#life;
    for (const name of AWAKE) addEventListener(name, this.#now, { signal });
    document.addEventListener("visibilitychange", this.#now, { signal });
    this.#open();
  }

  /** Send if the server listens; whoever must be heard for sure keeps it until it is answered. */
  send(frame: Frame): boolean {
    if (this.#ready) this.#line!.send(JSON.stringify(frame));
    return this.#ready;
  }

  end(): void {
    this.#life.abort();
    clearTimeout(this.#pause);
    this.#hangUp();
  }

  /** The browser is back from somewhere: open the line, or make sure that it is one. */
  #now = (): void => {
    if (document.visibilityState === "hidden") return;
    if (this.#ready) this.#ask();
    if (this.#line) return;
    clearTimeout(this.#pause);
    this.#open();
  };

  #open(): void {
    let line: WebSocket;
    try {
      line = new WebSocket(this.#url);
    } catch {
      // Some pages may open none, such as one of https to a server without; requests may pass.
      this.#pause = setTimeout(() => this.#lost(0));
      return;
    }
    this.#line = line;
    line.onopen = () => line.send(JSON.stringify(this.#owner.hello()));
    line.onmessage = ({ data }) => this.#heard(JSON.parse(data as string) as Frame);
    line.onclose = ({ code }) => this.#lost(code);
    this.#expect(PONG_WITHIN);
  }

  #heard(frame: Frame): void {
    if (frame.type === "auth:ok") {
      this.#ready = true;
      this.#since = Date.now();
    }
    if (frame.type === "error") this.#complaint = String(frame.code);
    this.#listen();
    this.#owner.onFrame(frame);
  }

  /** Any frame proves the line; silence is answered with a ping, and then with a new line. */
  #listen(): void {
    this.#isAsking = false;
    clearTimeout(this.#pulse);
    this.#pulse = setTimeout(() => this.#ask(), PING_EVERY);
  }

  #ask(): void {
    // Else whoever comes back often would put the end of a dead line off for ever.
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.send({ type: "ping" });
    this.#expect(PONG_WITHIN);
  }

  #expect(within: number): void {
    clearTimeout(this.#pulse);
    this.#pulse = setTimeout(() => this.#lost(4408), within);
  }

  #lost(code: number): void {
    if (this.#ready && Date.now() - this.#since > STEADY) this.#tries = 0;
    this.#hangUp();
    if (FINAL.includes(code)) {
      this.end();
      this.#owner.onLost(this.#complaint || String(code));
      return;
    }
    const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.#tries++);
    this.#pause = setTimeout(() => this.#open(), Math.random() * longest);
    this.#owner.onLost("");
  }

  #hangUp(): void {
    clearTimeout(this.#pulse);
    const line = this.#line;
    this.#line = undefined;
    this.#ready = false;
    if (!line) return;
    line.onopen = line.onmessage = line.onclose = null;
    line.close();
  }
}
