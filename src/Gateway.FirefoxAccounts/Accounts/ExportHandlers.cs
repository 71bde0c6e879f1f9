using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text.Json;
using Lockstep.Core.Assignments;
using Lockstep.Core.Buckets;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.FirefoxAccounts.Secrets;
using Lockstep.Gateway.FirefoxAccounts.Sessions;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.FirefoxAccounts.Accounts;

/// <summary>
/// Exports all data of an account, once, by a link that needs the password. Pages are sent as they are read. The export contains no secrets, and data that
/// the browser has encrypted stays encrypted.
/// </summary>
internal sealed class ExportHandlers(
    IKeyedAccountStore store, IAssignmentStore assignments, IBuckets buckets, IBucketIndex index, AccountDirectory directory, AccountHandlers accounts, SessionTokens tokens, AuditLog audit, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    public async ValueTask<Answer> StartAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var (account, _, error) = await accounts.VerifyOwnAsync(request, request.Account.Email, "authPW", cancellationToken);
        if (error is not null)
        {
            return AccountAnswers.Of(error);
        }

        var code = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenSecret.Bytes));
        var token = tokens.Plain(AccountTokenKind.Export, TokenSecret.DigestOf(code), account!.Account.Number, Lifetime, request.Token.Digest, "");
        return !await store.AddTokensAsync(account, [token], inPlaceOf: null, cancellationToken) ? AccountAnswers.Of(AccountError.WrongPassword) : AccountAnswers.Object(writer =>
        {
            writer.WriteString("url", $"{request.Origin}/auth/v1/account/export/{code}");
            writer.WriteNumber("expires", token.Expires.Milliseconds / 1000);
        });
    }

    public async ValueTask<Answer> GetAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var digest = TokenSecret.DigestOf(request.Inner.Values["code"]);
        if (await store.FindTokenAsync(digest, ServerTimestamp.Now(time), cancellationToken) is not { Token.Kind: AccountTokenKind.Export, Account: var account }
            || !await store.AddTokensAsync(account, [], digest, cancellationToken))
        {
            return AccountAnswers.Of(AccountError.WrongCode);
        }

        audit.Done(account.Uid, AuditEvents.Exported, request);
        return new Answer(200)
        {
            Headers = [KeyValuePair.Create("Content-Type", "application/json; charset=utf-8"), KeyValuePair.Create("Content-Disposition", "attachment; filename=\"account.json\"")],
            Stream = (output, givenUp) => WriteAsync(account, output, givenUp),
        };
    }

    private async ValueTask WriteAsync(KeyedAccount account, PipeWriter output, CancellationToken cancellationToken)
    {
        var number = account.Account.Number;
        var devices = await store.ListDevicesAsync(number, cancellationToken);
        var held = await store.ListTokensAsync(
            number, [AccountTokenKind.Session, AccountTokenKind.Refresh, AccountTokenKind.AppPassword], ServerTimestamp.Now(time), cancellationToken);
        await using var writer = new Utf8JsonWriter(output);
        writer.WriteStartObject();
        writer.WriteStartObject("account");
        writer.WriteString("uid", account.Uid);
        writer.WriteString("email", account.Email);
        writer.WriteNumber("created", account.Created.Milliseconds);
        writer.WriteNumber("keysChanged", account.KeysChangedAt);
        writer.WriteBoolean("secondFactor", account.IsTotpOn);
        writer.WriteBoolean("recoveryKey", account.RecoveryKey is not null);
        writer.WriteEndObject();
        writer.WriteStartArray("devices");
        foreach (var device in devices)
        {
            writer.WriteStartObject();
            writer.WriteString("id", device.Id);
            writer.WriteNumber("created", device.Created.Milliseconds);
            writer.WritePropertyName("data");
            writer.WriteRawValue(device.Data);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("clients");
        foreach (var token in held)
        {
            writer.WriteStartObject();
            writer.WriteString("kind", token.Kind.ToString());
            writer.WriteString("client", token.Client);
            writer.WriteString("scope", token.Scope);
            writer.WriteNumber("created", token.Created.Milliseconds);
            writer.WriteNumber("used", token.Used.Milliseconds);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        var exported = new ExportedBuckets(buckets, index, writer, output);
        if (await assignments.FindAsync(new UserIdentity(UserIdentity.Local, account.Uid), cancellationToken) is [{ Replaced: null, Node: 0 } current, ..])
        {
            await exported.WriteStorageAsync("sync", current.Number, cancellationToken);
        }

        await exported.WriteOwnAsync("buckets", directory.DelegateOf(account.Account), cancellationToken);
        writer.WriteEndObject();
        await writer.FlushAsync(cancellationToken);
        await output.FlushAsync(cancellationToken);
    }
}
