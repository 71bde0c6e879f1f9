using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using Lockstep.Core.Assignments;
using Lockstep.Core.Buckets;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.FirefoxAccounts.Secrets;
using Lockstep.Gateway.FirefoxAccounts.Sessions;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.FirefoxAccounts.Accounts;

/// <summary>
/// A copy of all that is stored of an account: once, by a link that the password was shown for. It goes out page by page, as it is read; no secrets are in it, and what the browser has encrypted stays so.
/// </summary>
internal sealed class ExportHandlers(
    IKeyedAccountStore store, IAssignmentStore assignments, IBuckets buckets, AccountDirectory directory, AccountHandlers accounts, SessionTokens tokens, AuditLog audit, TimeProvider time)
{
    private const int RecordsAtOnce = 500;
    private const long BytesAtOnce = 1 << 20;
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

        audit.Done(account.Uid, "exported", request.Address);
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
        var stores = await assignments.FindAsync(new UserIdentity(UserIdentity.Local, account.Uid), cancellationToken);
        if (stores is [{ Replaced: null, Node: 0 } current, ..])
        {
            var storeNumber = current.Number.ToString(CultureInfo.InvariantCulture);
            var user = new Principal("sync:" + storeNumber, storeNumber, storeNumber) { Ref = new AccountRef(current.Number, ServerTimestamp.Zero) };
            await WriteBucketAsync(writer, output, "sync", new Source(user, BucketId.SyncStorage(storeNumber)), cancellationToken);
        }

        var owner = directory.DelegateOf(account.Account);
        await WriteBucketAsync(writer, output, "default bucket", new Source(owner, BucketId.DefaultBucket(owner.DefaultBucket)), cancellationToken);
        writer.WriteEndObject();
        await writer.FlushAsync(cancellationToken);
        await output.FlushAsync(cancellationToken);
    }

    private async ValueTask WriteBucketAsync(Utf8JsonWriter writer, PipeWriter output, string name, Source source, CancellationToken cancellationToken)
    {
        writer.WriteStartObject(name);
        foreach (var collection in await CollectionsAsync(source, cancellationToken))
        {
            writer.WriteStartArray(collection);
            await WriteListAsync(writer, output, source, ListRef.RecordsOf(collection), cancellationToken);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    /// <summary>Sync knows its collections by their records, other buckets have an object for each.</summary>
    private async ValueTask<List<string>> CollectionsAsync(Source source, CancellationToken cancellationToken)
    {
        if (source.Bucket.Kind == BucketKind.Sync)
        {
            return await AskAsync(source, new ReadLists(Exact: false), cancellationToken) is ListsFound found ? [.. found.Lists.Select(static list => list.Name)] : [];
        }

        var names = new List<string>();
        await foreach (var page in PagesAsync(source, ListRef.Collections, cancellationToken))
        {
            names.AddRange(page.Records.Select(static record => record.Id));
        }

        return names;
    }

    private async ValueTask WriteListAsync(Utf8JsonWriter writer, PipeWriter output, Source source, ListRef list, CancellationToken cancellationToken)
    {
        await foreach (var page in PagesAsync(source, list, cancellationToken))
        {
            foreach (var record in page.Records)
            {
                writer.WriteStartObject();
                writer.WriteString("id", record.Id);
                writer.WriteNumber("modified", record.Modified.Milliseconds);
                writer.WritePropertyName("data");
                writer.WriteRawValue(record.Body.Span);
                writer.WriteEndObject();
            }

            await writer.FlushAsync(cancellationToken);
            await output.FlushAsync(cancellationToken);
        }
    }

    private async IAsyncEnumerable<PageFound> PagesAsync(Source source, ListRef list, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        PageCursor? cursor = null;
        do
        {
            var query = new ListQuery { Limit = RecordsAtOnce, MaxBytes = BytesAtOnce, Cursor = cursor };
            if (await AskAsync(source, new ListRecords(list, query), cancellationToken) is not PageFound page)
            {
                yield break;
            }

            yield return page;
            cursor = page.Next;
        }
        while (cursor is not null);
    }

    private async ValueTask<Outcome> AskAsync(Source source, Operation operation, CancellationToken cancellationToken)
    {
        var outcome = (await buckets.Get(source.Bucket).ExecuteAsync(new BucketRequest(Callers.Of(source.Owner, source.Bucket), [operation]), cancellationToken)).Outcomes[0];
        return outcome is Unavailable unavailable ? throw new StoreUnavailableException($"Not all could be read: {unavailable.Reason}.") : outcome;
    }

    /// <param name="Owner">As whom it is read.</param>
    /// <param name="Bucket">What is read.</param>
    private sealed record Source(Principal Owner, BucketId Bucket);
}
