using System.Net;
using System.Text.Json;
using Lockstep.Core.Records;
using Lockstep.Gateway.Syncto.Storage;

namespace Lockstep.Gateway.Syncto.Opening;

/// <summary>Opens storages that another server's TokenServer knows, as Syncto did. What it gives is remembered, encrypted.</summary>
internal sealed class RemoteAccess(RemoteClient client, CredentialsCache cache, SynctoOptions options) : IStorageAccess
{
    public async ValueTask<(ISyncStorage? Storage, SynctoResponse? Error)> OpenAsync(
        SynctoRequest request, Credentials credentials, CancellationToken cancellationToken)
    {
        if (cache.Find(credentials) is not { } token)
        {
            if (!await request.Room.PromiseAsync(client.MaxAnswerBytes, cancellationToken))
            {
                return (null, SynctoErrors.Unavailable);
            }

            (token, var seconds, var error) = await AskAsync(request, credentials, cancellationToken);
            request.Room.Lapse();
            if (token is null)
            {
                return (null, error);
            }

            cache.Keep(credentials, token, TimeSpan.FromSeconds(seconds));
        }

        return (new RemoteStorage(client, token, request.Header("User-Agent") ?? "", request.Address, () => cache.Forget(credentials)), null);
    }

    public async ValueTask<bool> IsHealthyAsync(CancellationToken cancellationToken) =>
        await client.SendAsync("heartbeat", "GET", new Uri(new Uri(options.TokenServerUrl!), "/__heartbeat__"), json: null, [], cancellationToken)
            is { Status: HttpStatusCode.OK };

    private async ValueTask<(HawkCredentials? Token, long Seconds, SynctoResponse? Error)> AskAsync(
        SynctoRequest request, Credentials credentials, CancellationToken cancellationToken)
    {
        var headers = new List<(string, string)> { ("Authorization", "Bearer " + credentials.Token) };
        if (credentials.KeyId is { } keyId)
        {
            headers.Add(("X-KeyID", keyId));
        }

        if (credentials.ClientState is { } state)
        {
            headers.Add(("X-Client-State", state));
        }

        if (await client.SendAsync(request.Address, "GET", new Uri(options.TokenServerUrl!), json: null, headers, cancellationToken) is not { } answer)
        {
            return (null, 0, SynctoErrors.Unreachable);
        }

        if (answer.Status != HttpStatusCode.OK)
        {
            return (null, 0, SynctoErrors.Of(new StorageReply((int)answer.Status) { Text = Status(answer.Body) }, isWrite: false));
        }

        return Read(answer.Body) is var (token, seconds) ? (token, seconds, null) : (null, 0, SynctoErrors.Unreachable);
    }

    private static (HawkCredentials Token, long Seconds)? Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonText.Parse(body);
            var root = document.RootElement;
            return Text(root, "id") is { Length: > 0 } id && Text(root, "key") is { Length: > 0 } key && Text(root, "api_endpoint") is { } endpoint
                && SynctoOptions.IsSafe(endpoint) && id.All(static c => c is > ' ' and <= '~' and not '"')
                && root.TryGetProperty("duration", out var duration) && duration.ValueKind == JsonValueKind.Number && duration.TryGetInt64(out var seconds)
                ? (new HawkCredentials(id, key, endpoint.TrimEnd('/')), Math.Clamp(seconds, 0, 86_400))
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The word that says why: <c>invalid-credentials</c>. Not all of what is there, which nobody knows.</summary>
    private static string Status(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonText.Parse(body);
            return Text(document.RootElement, "status") is { Length: <= 64 } word && word.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-') ? word : "error";
        }
        catch (JsonException)
        {
            return "error";
        }
    }

    private static string? Text(JsonElement root, string name) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out var value) ? JsonText.Read(value) : null;
}
