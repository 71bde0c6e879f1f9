using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Routing;

/// <summary>
/// The path of a URL as its segments, each percent-decoded by itself: an encoded slash belongs to a segment and parts none.
/// <c>/</c> is one empty segment, the empty path is none, and a slash at the end is an empty segment of its own.
/// </summary>
public sealed class RequestPath
{
    private readonly ArraySegment<string> segments;

    private RequestPath(ArraySegment<string> segments) => this.segments = segments;

    /// <summary>How many segments there are.</summary>
    public int Count => segments.Count;

    /// <summary>The decoded segments with a slash in front of each.</summary>
    public string Text
    {
        get
        {
            var length = Count;
            for (var i = 0; i < Count; i++)
            {
                length += this[i].Length;
            }

            return string.Create(length, segments, static (text, parts) =>
            {
                foreach (var part in parts)
                {
                    text[0] = '/';
                    part.CopyTo(text[1..]);
                    text = text[(1 + part.Length)..];
                }
            });
        }
    }

    public string this[int index] => segments[index];

    /// <param name="encoded">As it came, without query; empty, or with a slash in front.</param>
    /// <returns>The path. A segment with a broken escape, NUL or bytes that are not UTF-8 in it stays as it came.</returns>
    public static RequestPath Parse(string encoded)
    {
        var path = OfDecoded(encoded);
        for (var i = 0; i < path.Count; i++)
        {
            path.segments[i] = QueryParameters.Decode(path[i], plusIsBlank: false) ?? path[i];
        }

        return path;
    }

    /// <param name="decoded">Decoded already; empty, or with a slash in front.</param>
    public static RequestPath OfDecoded(string decoded) => new(decoded.Length == 0 ? [] : decoded[1..].Split('/'));

    /// <returns>What follows the prefix; null when the path does not begin with it.</returns>
    public RequestPath? Below(RequestPath prefix)
    {
        if (prefix.Count > Count)
        {
            return null;
        }

        for (var i = 0; i < prefix.Count; i++)
        {
            if (!string.Equals(prefix[i], this[i], StringComparison.Ordinal))
            {
                return null;
            }
        }

        return new RequestPath(segments[prefix.Count..]);
    }

    /// <returns>The path without the slashes at its end; null when it has none there, or nothing else.</returns>
    public RequestPath? WithoutFinalSlashes()
    {
        var count = Count;
        while (count > 0 && this[count - 1].Length == 0)
        {
            count--;
        }

        return count == 0 || count == Count ? null : new RequestPath(segments[..count]);
    }

    public override string ToString() => Text;
}
