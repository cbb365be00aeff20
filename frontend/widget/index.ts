// The script that pages include: it sets two globals and does nothing until it is asked.

import type { Session } from "./memory";
import type { Config } from "./messages";
import { Widget } from "./widget";

interface MountOptions {
  token?: string;
  code: string;
  backendUrl?: string;
  websocketUrl?: string;
  userId?: string;
  flowName?: string;
  useStagingVersion?: boolean;
  /** The visitor's language, if not the browser's. */
  locale?: string;
  /** Where the panel stands, as an element or a selector; else a launcher floats over the page. */
  target?: Element | string | null;
  /** The instance's name in events. */
  id?: string;
  /** Tell on the console what happens. */
  debug?: boolean;
  /** The visitor's session where somebody else has proved whose it is: our own page. */
  session?: Session;
}

interface WebWidgetOptions {
  tenantId: string;
  apiUrl?: string;
  token: string;
  primaryColor?: string;
  companyName?: string;
  position?: string;
  avatarUrl?: string;
  headerLogoUrl?: string;
  headerWordmarkUrl?: string;
}

/** What a page without the script has recorded: calls of a handle that it was given already. */
interface Call {
  name: string;
  args: unknown[];
  done(result: unknown): void;
}

interface Recorded {
  options: MountOptions;
  handle: { calls: Call[] | { push(call: Call): void } };
}

// Only now is the script's own element known.
const script = document.currentScript as HTMLScriptElement | null;
const ORIGIN = new URL(script?.src || location.href).origin;
const bots = new Map<string, Widget>();

function base(address: string | undefined): string {
  return (address || ORIGIN).replace(/\/+$/, "").replace(/\/api$/, "");
}

function mount({ code, backendUrl, websocketUrl, target, ...rest }: MountOptions): Widget {
  return new Widget({
    ...rest,
    widgetId: code,
    base: base(backendUrl),
    socketBase: websocketUrl && base(websocketUrl),
    target: element(target),
  });
}

function element(target: Element | string | null | undefined): Element | undefined {
  const found = typeof target === "string" ? document.querySelector(target) : target;
  if (found === null) console.error("LiveChat: no such target");
  return found ?? undefined;
}

function renderWebWidget(options: WebWidgetOptions): Widget {
  const { primaryColor, companyName, position, avatarUrl } = options;
  return new Widget({
    widgetId: options.tenantId,
    token: options.token,
    base: base(options.apiUrl),
    adjust: ({ widget, branding }: Config) => {
      widget.primaryColor = primaryColor || widget.primaryColor;
      widget.title = companyName || widget.title;
      widget.position = position || widget.position;
      widget.avatar = avatarUrl || widget.avatar;
      branding.logo = options.headerLogoUrl || branding.logo;
      branding.wordmark = options.headerWordmarkUrl || branding.wordmark;
    },
  });
}

/** One instance of each id: whoever names it again means another one in its place. */
function bot(options: MountOptions): Widget {
  const id = options.id || "default";
  bots.get(id)?.destroy();
  const widget = mount({ ...options, id });
  bots.set(id, widget);
  return widget;
}

/** Do what the page asked for before this script came, and whatever it asks that handle for. */
function replay({ options, handle }: Recorded): void {
  const widget = mount(options);
  const push = ({ name, args, done }: Call): void =>
    done((widget as unknown as Record<string, (...all: unknown[]) => unknown>)[name]!(...args));
  (handle.calls as Call[]).splice(0).forEach(push);
  handle.calls = { push };
  Object.defineProperties(handle, {
    isOpen: { get: () => widget.isOpen },
    unreadCount: { get: () => widget.unreadCount },
  });
}

const { ChatWidget: stub } = window as { ChatWidget?: { queue?: Recorded[] } };
// A page that includes the script twice has one set of instances all the same.
if (!stub || stub.queue) {
  Object.assign(window, {
    ChatWidget: { mount, renderWebWidget },
    BlitsBotChat: {
      init: bot,
      render: (options: MountOptions, target: Element | null) => bot({ ...options, target }),
    },
  });
  stub?.queue?.forEach(replay);
}
