import { html, raw } from 'hono/html';
import type { LoginRefusal } from '../../schemas/issuer.ts';
import type { Did } from '../../schemas/primitives.ts';
import { toBase64, utf8 } from '../../protocol/bytes.ts';
import { sha256Bytes } from '../../protocol/digest.ts';
import { fingerprintOf } from '../../protocol/enrolment.ts';
import { DETAILS } from './refusals.ts';

/** HTML whose values are escaped. */
export type Html = ReturnType<typeof html>;

const STYLE = `
:root { color-scheme: light dark; font: 1.05rem/1.55 system-ui, sans-serif; }
body { max-width: 38rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; }
h2 { font-size: 1.1rem; margin-top: 1.6rem; }
code { overflow-wrap: anywhere; }
.code { font-size: 1.25rem; }
label, legend { font-weight: 600; display: block; }
fieldset { border: 0; padding: 0; margin: 1rem 0; }
fieldset label { font-weight: 400; padding: .2rem 0; }
button, .button { font: inherit; font-weight: 600; padding: .6rem 1.2rem; margin-top: 1rem; display: inline-block; }
.error { border-left: .3rem solid #c00; padding-left: .8rem; }
`;

/** As it is hashed below: not a space more. */
const STYLE_ELEMENT = raw(`<style>${STYLE}</style>`);

/** Nothing runs, nothing is loaded, nobody frames it, and its form goes to this issuer alone. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${toBase64(sha256Bytes(utf8(STYLE)))}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;

const page = (title: string, issuer: string, content: Html, head: Html | '' = ''): Html =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta name="robots" content="noindex" />
        ${head}
        <title>${title} – ${issuer}</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`;

export interface EnrolmentForm {
  issuer: string;
  /** Where it is sent. */
  action: string;
  did: Did;
  providers: readonly { name: string; title: string }[];
  /** Ties the form to the browser that was shown it. */
  formToken: string;
  problem?: string;
}

/** Asks the person to compare, and to choose where to log in. */
export const enrolmentPage = ({ issuer, action, did, providers, formToken, problem }: EnrolmentForm): Html =>
  page(
    'Show that a verified human holds this key',
    issuer,
    html`
      ${problem === undefined ? '' : html`<p class="error" role="alert" id="problem">${problem}</p>`}
      <p>
        Go on only if <strong>you</strong> just ran <code>firsthand enrol</code> in your own terminal. If somebody sent
        you here, close this page: the key would be theirs, and their work would count as yours.
      </p>
      <h2>1. Compare</h2>
      <p>Your terminal shows the same fingerprint for your key:</p>
      <p><code class="code">${fingerprintOf(did)}</code></p>
      <p>
        <small><code>${did}</code></small>
      </p>
      <form method="post" action="${action}">
        <input type="hidden" name="form" value="${formToken}" />
        <h2>2. Log in</h2>
        <fieldset>
          <legend>Where</legend>
          ${providers.map(
            ({ name, title }, i) =>
              html`<label
                ><input type="radio" name="provider" value="${name}" required ${i === 0 ? 'checked' : ''} />
                ${title}</label
              >`,
          )}
        </fieldset>
        <button type="submit">Continue to log in</button>
      </form>
      <h2>3. Type a code into your terminal</h2>
      <p>You see it here once you have logged in. Nothing is issued before.</p>
      <h2>What is stored, and what is not</h2>
      <p>
        ${issuer} keeps a pseudonym, computed from your account with a secret so that nobody can turn it back into you,
        and the number of the credential. The public log holds your key, that pseudonym, how and when you were verified.
      </p>
      <p>
        <strong>Not stored:</strong> your name, your e-mail address, your account or its number, your documents, your
        address on the network, and anything else that the provider tells about you.
      </p>
      <p>One cookie ties this browser to this login for a quarter of an hour.</p>
    `,
  );

/** Sends the browser on. A redirect would be held to the policy of the form that led to it, at every hop. */
export const continuePage = (issuer: string, provider: string, url: string): Html =>
  page(
    `On to ${provider}`,
    issuer,
    html`<p><a class="button" href="${url}" rel="noreferrer">Continue to ${provider}</a></p>`,
    html`<meta http-equiv="refresh" content="0; url=${url}" />`,
  );

/** Shows, after the login, what has to be typed where the enrolment was begun. */
export const codePage = (issuer: string, code: string, did: Did): Html =>
  page(
    'One step left: type this code into your terminal',
    issuer,
    html`
      <p role="status"><strong class="code">${code}</strong></p>
      <p><small>Letter by letter: ${code.replace('-', '').split('').join(', ')}.</small></p>
      <p>
        The terminal in which you ran <code>firsthand enrol</code> asks for it, and shows the fingerprint
        <code>${fingerprintOf(did)}</code>. The credential is issued to the key in that terminal, and only then.
      </p>
      <p class="error">
        <strong>Tell this code to nobody</strong>, whoever they say they are. If somebody sent you to this page, or asks
        you for the code, close it: nothing was issued, and nothing will be.
      </p>
      <p>It serves once, for ten minutes.</p>
    `,
  );

export const donePage = (issuer: string): Html =>
  page(
    'Done: return to your terminal',
    issuer,
    html`<p role="status">
      The credential for your key is issued, and your terminal has it. You can close this page.
    </p>`,
  );

export const unprovenPage = (issuer: string): Html =>
  page(
    'Your terminal is not ready yet',
    issuer,
    html`<p>It has not yet shown that it holds the key. Load this page again in a moment.</p>`,
  );

/** Says why a login was refused; `again` is where to start over. */
export const refusalPage = (issuer: string, refusal: LoginRefusal, again: string | null): Html =>
  messagePage(issuer, 'This login was not accepted', DETAILS[refusal], again);

export const messagePage = (issuer: string, title: string, detail: string, again: string | null = null): Html =>
  page(
    title,
    issuer,
    html`
      <p class="error" role="alert">${detail}</p>
      ${again === null ? '' : html`<p><a class="button" href="${again}">Start the login again</a></p>`}
      <p>Nothing about you was stored.</p>
    `,
  );
