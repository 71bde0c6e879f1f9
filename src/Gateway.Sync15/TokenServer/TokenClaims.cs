using System.Text.Json;
using Lockstep.Core.Records;
using Lockstep.Gateway.Federation;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>The facts about a user in an access token, or in the account server's answer about it.</summary>
/// <param name="Subject">The account's id.</param>
/// <param name="HasScope">Whether it opens Sync.</param>
/// <param name="Generation">0: not given.</param>
/// <param name="Email">Verified; null for none.</param>
internal sealed record TokenClaims(string Subject, bool HasScope, long Generation, string? Email)
{
    public const string Scope = "https://identity.mozilla.com/apps/oldsync";

    private const int MaxSubjectLength = 255;

    /// <returns>Null when it has no user, or an invalid number.</returns>
    public static TokenClaims? Read(JsonElement claims, string subjectName, string generationName)
    {
        if (claims.ValueKind != JsonValueKind.Object
            || Claims.Text(claims, subjectName) is not { Length: > 0 and <= MaxSubjectLength } subject || subject.Any(char.IsControl))
        {
            return null;
        }

        long generation = 0;
        if (claims.TryGetProperty(generationName, out var number) && number.ValueKind != JsonValueKind.Null
            && !(number.ValueKind == JsonValueKind.Number && number.TryGetInt64(out generation) && generation is >= 0 and <= VerifiedUser.MaxNumber))
        {
            return null;
        }

        var isVerified = claims.TryGetProperty("email_verified", out var verified) && verified.ValueKind == JsonValueKind.True;
        return new TokenClaims(subject, claims.TryGetProperty("scope", out var scope) && Has(scope), generation, isVerified ? Claims.Text(claims, "email") : null);
    }

    /// <summary>One text with spaces or commas in it, or a list.</summary>
    private static bool Has(JsonElement scope) => scope.ValueKind switch
    {
        JsonValueKind.String => (JsonText.Read(scope) ?? "").Split([' ', ',']).Contains(Scope, StringComparer.Ordinal),
        JsonValueKind.Array => scope.EnumerateArray().Any(static item => JsonText.Read(item) is Scope),
        _ => false,
    };
}
