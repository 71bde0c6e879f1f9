using System.Text.Encodings.Web;
using System.Text.Json;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.OpenId;

/// <summary>A login in progress. The browser keeps it, sealed, so that any server of the database can finish it.</summary>
/// <param name="State">The value that the provider sends back; random.</param>
/// <param name="Verifier">The value that the code is bound to (RFC 7636); random.</param>
/// <param name="Callback">The URL that the tokens go to.</param>
/// <param name="RedirectUri">The URL that the provider leads back to.</param>
/// <param name="Ends">Seconds since the epoch.</param>
internal sealed record PendingLogin(string State, string Verifier, string Callback, string RedirectUri, long Ends)
{
    // Few escapes keep it short, since a cookie has four kilobytes. No page contains it.
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Never shows its contents.</summary>
    public override string ToString() => nameof(PendingLogin);

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(new object[] { State, Verifier, Callback, RedirectUri, Ends }, Plain);

    /// <returns>Null when it is not a login.</returns>
    public static PendingLogin? Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonText.Parse(json);
            return document.RootElement is { ValueKind: JsonValueKind.Array } root && root.GetArrayLength() == 5
                && JsonText.Read(root[0]) is { } state && JsonText.Read(root[1]) is { } verifier && JsonText.Read(root[2]) is { } callback
                && JsonText.Read(root[3]) is { } redirect && root[4].TryGetInt64(out var ends)
                    ? new PendingLogin(state, verifier, callback, redirect, ends)
                    : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
