using System.Globalization;
using System.Text;
using Lockstep.Core.Time;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Sync15;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Syncto;

/// <summary>The query of a list.</summary>
/// <param name="Text">The query in the form of Sync, without a question mark.</param>
/// <param name="IsLimited">Whether the client has set a limit.</param>
/// <param name="Excluded">Ids to leave out; Sync has no parameter for that.</param>
internal sealed record SyncQuery(string Text, bool IsLimited, IReadOnlyList<string> Excluded)
{
    private const int MaxExcluded = 200;
    private const string Sorts = "_sort should be one of ('-last_modified', 'newest', '-sortindex', 'index', 'last_modified', 'oldest')";

    /// <param name="query">In Kinto's form. Unknown parameters are ignored.</param>
    /// <param name="maxRecords">Records of a page.</param>
    /// <returns>Either a query or an error.</returns>
    public static (SyncQuery? Read, SynctoResponse? Error) Read(QueryParameters query, int maxRecords)
    {
        foreach (var name in (ReadOnlySpan<string>)["_since", "_limit", "_token", "_sort", "in_ids", "ids", "exclude_id"])
        {
            if (!query.TryGetOnly(name, out _))
            {
                return (null, SynctoErrors.Invalid("querystring", name, $"{name} should be given once"));
            }
        }

        string? Value(string name) => query.TryGetOnly(name, out var value) ? value : null;

        var text = new StringBuilder("full=1");
        if (Value("_since") is { } since)
        {
            if (!ServerTimestamp.TryParse(since is ['"', .. var inner, '"'] ? inner : since, out var stamp))
            {
                return (null, SynctoErrors.Invalid("querystring", "_since", "_since should be a number."));
            }

            Add(text, "newer", SyncTime.Text(stamp));
        }

        // The storage refuses an invalid limit.
        var limit = Value("_limit");
        Add(text, "limit", limit is null || (int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var asked) && asked > maxRecords)
            ? maxRecords.ToString(CultureInfo.InvariantCulture)
            : limit);
        if (Value("_sort") is { } sort)
        {
            var order = sort switch
            {
                "-last_modified" or "newest" => "newest",
                "-sortindex" or "index" => "index",
                "last_modified" or "oldest" => "oldest",
                _ => null,
            };
            if (order is null)
            {
                return (null, SynctoErrors.Invalid("querystring", "_sort", Sorts));
            }

            Add(text, "sort", order);
        }

        if ((Value("in_ids") ?? Value("ids")) is { } ids)
        {
            Add(text, "ids", string.Join(',', Split(ids)));
        }

        if (Value("_token") is { } token)
        {
            Add(text, "offset", token);
        }

        var excluded = Split(Value("exclude_id") ?? "");
        return excluded.Count > MaxExcluded || !excluded.All(SyncNames.IsId)
            ? (null, SynctoErrors.Invalid("querystring", "exclude_id", $"exclude_id should have at most {MaxExcluded} ids"))
            : (new SyncQuery(text.ToString(), limit is not null, excluded), null);
    }

    /// <summary>The query of the next page: the client's parameters, and where this page ended.</summary>
    /// <param name="query">As it was received, with its question mark; or empty.</param>
    /// <param name="next">Where the next page begins.</param>
    public static string Next(string query, string next) => "?" + string.Join('&', query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Where(static part => !part.StartsWith("_token=", StringComparison.Ordinal))
        .Append("_token=" + Uri.EscapeDataString(next)));

    private static List<string> Split(string ids) => [.. ids.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    private static void Add(StringBuilder text, string name, string value) => text.Append('&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
}
