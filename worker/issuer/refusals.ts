import type { LoginRefusal } from '../../schemas/issuer.ts';

/** Why a login did not become a credential, for the person who tried, and what they can do. */
export const DETAILS: Record<LoginRefusal, string> = {
  'login-denied': 'The provider says that the login was cancelled or denied. Start it again when you are ready.',
  'login-unbound':
    'This answer does not belong to a login that was begun in this browser, or it was used already. Open the address from your terminal again, in the browser in which you log in, with cookies allowed.',
  'login-expired': 'Too much time has passed. Run the command in your terminal again.',
  'login-mixed-up':
    'The answer came from another provider than the one you were sent to, so it is not taken. Start the login again; if this happens twice, tell whoever runs this issuer.',
  'provider-unavailable': 'The provider cannot be reached, or answers too slowly or too much. Try again in a minute.',
  'provider-refused':
    'The provider did not confirm the login. Start it again; if this happens twice, tell whoever runs this issuer.',
  'id-token-invalid':
    'What the provider says about the login does not hold up to the checks that OpenID Connect demands, so it is not taken. Start again; if this happens twice, tell whoever runs this issuer.',
  'no-rule':
    'This login does not prove enough for a credential here. Log in with an account that was verified, or with a second factor, or ask whoever runs this issuer what is needed.',
  'wrong-code': 'That is not the code that the browser shows. Look again; it is like BCDF-GHJK.',
  banned: 'This issuer gives no credentials to whoever logs in so any more. Ask whoever runs it if that is a mistake.',
  'too-many-attempts': 'There were too many attempts. Run the command in your terminal again.',
};
