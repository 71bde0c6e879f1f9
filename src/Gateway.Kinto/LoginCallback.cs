using System.Text.Json;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// The part of a callback after the <c>#</c>. A setting says which applications may have tokens. But the fragment tells the application what to do with them, and comes from
/// the author of the link. So it must be one that cannot name a server, or kinto-admin's, naming this server.
/// </summary>
/// <remarks>kinto-admin: src/components/homepage/AuthForm.tsx makes it; AuthCallback.tsx sends the token to the server that it names.</remarks>
internal static class LoginCallback
{
    /// <summary>Too short for an address.</summary>
    private const int MaxPlainLength = 16;

    private const string Admin = "/auth/";

    /// <param name="callback">The callback, with a <c>#</c>.</param>
    /// <param name="baseUrl">The URL of this server as the client sees it, with <c>/v1</c>.</param>
    public static bool KeepsTokensHere(string callback, string baseUrl)
    {
        var fragment = callback[(callback.IndexOf('#', StringComparison.Ordinal) + 1)..];
        return fragment.Length <= MaxPlainLength
            ? fragment.All(static c => char.IsAsciiLetterOrDigit(c) || c is '/' or '-' or '_' or '=')
            : fragment.StartsWith(Admin, StringComparison.Ordinal) && ServerIn(fragment[Admin.Length..].TrimEnd('/')) is { } server
                && string.Equals(server.TrimEnd('/'), baseUrl.TrimEnd('/'), StringComparison.Ordinal);
    }

    private static string? ServerIn(string payload)
    {
        if (!payload.All(static c => char.IsAsciiLetterOrDigit(c) || c is '+' or '/' or '='))
        {
            return null;
        }

        try
        {
            using var document = JsonText.Parse(Convert.FromBase64String(payload.TrimEnd('=').PadRight((payload.TrimEnd('=').Length + 3) / 4 * 4, '=')));
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("server", out var server) ? JsonText.Read(server) : null;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return null;
        }
    }
}
