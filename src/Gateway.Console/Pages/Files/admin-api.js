// What administrators ask.
import { ask, path } from "./api.js";

export const figures = () => ask("GET", "figures");
export const health = () => ask("GET", "health");
export const settings = async () => (await ask("GET", "settings")).settings;
export const audit = () => ask("GET", "audit");

export const accounts = (prefix, after) => ask("GET", "accounts", { query: { prefix, after } });
export const account = (name) => ask("GET", path`accounts/${name}`);
export const makeAccount = (account, password) => ask("POST", "accounts", { body: password === "" ? { account } : { account, password } });
export const resetPassword = (name) => ask("POST", path`accounts/${name}/password`, { body: {} });
export const setDisabled = (name, disabled) => ask("PUT", path`accounts/${name}/state`, { body: { disabled } });
export const setQuota = (name, bytes, records) => ask("PUT", path`accounts/${name}/quota`, { body: { bytes, records } });
export const deleteAccount = (name, confirm) => ask("DELETE", path`accounts/${name}`, { body: { confirm } });

export const invitations = async () => (await ask("GET", "invitations")).invitations;
export const invite = (account, note) => ask("POST", "invitations", { body: { account, note } });
export const revokeInvitation = (id) => ask("DELETE", path`invitations/${id}`);

export const buckets = (name, after) => ask("GET", path`accounts/${name}/buckets`, { query: { after } });
export const bucket = (name, id) => ask("GET", path`accounts/${name}/buckets/${id}`);
export const deleteBucket = (name, id, confirm) => ask("DELETE", path`accounts/${name}/buckets/${id}`, { body: { confirm } });
