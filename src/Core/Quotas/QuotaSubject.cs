using System.Text;

namespace Lockstep.Core.Quotas;

/// <summary>
/// What a quota is about, as text: <c>/users/account:alice</c>, <c>/buckets/team</c> or <c>/buckets/team/collections/log</c>. A user is named by
/// their principal, a bucket by its id, and somebody's personal bucket by <c>u:</c> and its id, since others can name a bucket of theirs by the same.
/// </summary>
public sealed record QuotaSubject
{
    private const string Users = "/users/";
    private const string Buckets = "/buckets/";
    private const string Collections = "/collections/";
    private const string Personal = "u:";

    // As of a principal, and more than an id has.
    private const int MaxUserBytes = 512;
    private const int MaxIdLength = 255;

    private QuotaSubject(string text) => Text = text;

    public string Text { get; }

    /// <summary>The user's principal; null where it is about a bucket.</summary>
    public string? User { get; private init; }

    /// <summary>The bucket's id, a personal one's behind <c>u:</c>; null where it is about a user.</summary>
    public string? Bucket { get; private init; }

    /// <summary>The collection's id; null where it is about a user or a whole bucket.</summary>
    public string? Collection { get; private init; }

    /// <returns>Null for a text that is about nothing.</returns>
    public static QuotaSubject? Parse(string text)
    {
        if (text.StartsWith(Users, StringComparison.Ordinal))
        {
            var user = text[Users.Length..];
            return IsUser(user) ? new QuotaSubject(text) { User = user } : null;
        }

        if (!text.StartsWith(Buckets, StringComparison.Ordinal))
        {
            return null;
        }

        var names = text[Buckets.Length..];
        var end = names.IndexOf(Collections, StringComparison.Ordinal);
        var bucket = end < 0 ? names : names[..end];
        var collection = end < 0 ? null : names[(end + Collections.Length)..];
        return IsId(bucket.StartsWith(Personal, StringComparison.Ordinal) ? bucket[Personal.Length..] : bucket) && (collection is null || IsId(collection))
            ? new QuotaSubject(text) { Bucket = bucket, Collection = collection }
            : null;
    }

    public override string ToString() => Text;

    // Of a provider's user or an account, which both have a colon; neither everybody nor a group has quotas.
    private static bool IsUser(string principal) =>
        principal.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && colon < principal.Length - 1
        && !principal.StartsWith('/') && !principal.Contains('\0', StringComparison.Ordinal) && Encoding.UTF8.GetByteCount(principal) <= MaxUserBytes;

    private static bool IsId(string id) =>
        id.Length is > 0 and <= MaxIdLength && char.IsAsciiLetterOrDigit(id[0]) && id.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
}
