/** Where the page begins. */
import { mount } from 'svelte';
import App from './App.svelte';
import { withoutToken } from './address';
import './styles/tokens.css';
import './styles/base.css';
import './styles/table.css';

// Before anything is shown or asked: the token of a link must not be left to shoulders and screenshots.
const search = withoutToken(location.search);
if (search !== location.search) history.replaceState(null, '', location.pathname + search + location.hash);

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no element `app`');
mount(App, { target });
