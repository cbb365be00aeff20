// The script that pages include: it sets one global and does nothing until it is asked.

import type { Config } from "./messages";
import { Widget } from "./widget";

interface MountOptions {
  token?: string | undefined;
  code: string;
  backendUrl?: string;
  flowName?: string;
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
}

// Only now is the script's own element known.
const script = document.currentScript as HTMLScriptElement | null;
const ORIGIN = new URL(script?.src || location.href).origin;

function base(address: string | undefined): string {
  return (address || ORIGIN).replace(/\/+$/, "").replace(/\/api$/, "");
}

function mount({ token, code, backendUrl, flowName }: MountOptions): Widget {
  return new Widget({ widgetId: code, token, flowName, base: base(backendUrl) });
}

function renderWebWidget(options: WebWidgetOptions): Widget {
  const { primaryColor, companyName, position, avatarUrl, headerLogoUrl } = options;
  return new Widget({
    widgetId: options.tenantId,
    token: options.token,
    base: base(options.apiUrl),
    adjust: ({ widget, branding }: Config) => {
      widget.primaryColor = primaryColor || widget.primaryColor;
      widget.title = companyName || widget.title;
      widget.position = position || widget.position;
      widget.avatar = avatarUrl || widget.avatar;
      branding.logo = headerLogoUrl || branding.logo;
    },
  });
}

Object.assign(window, { ChatWidget: { mount, renderWebWidget } });
