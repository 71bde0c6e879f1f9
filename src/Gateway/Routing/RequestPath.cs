using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Routing;

/// <summary>
/// The path of a URL as its segments. Each is percent-decoded by itself, so an encoded slash belongs to a segment and does not separate any.
/// <c>/</c> has one empty segment, the empty path has none, and a trailing slash adds an empty segment.
/// </summary>
public sealed class RequestPath
{
    private readonly ArraySegment<string> segments;

    private RequestPath(ArraySegment<string> segments) => this.segments = segments;

    /// <summary>The number of segments.</summary>
    public int Count => segments.Count;

    /// <summary>The decoded segments, each with a leading slash.</summary>
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

    /// <param name="encoded">The path as it was sent, without the query; empty, or with a leading slash.</param>
    /// <returns>The path. A segment with a broken escape, NUL or bytes that are not UTF-8 stays as it was sent.</returns>
    public static RequestPath Parse(string encoded)
    {
        var path = OfDecoded(encoded);
        for (var i = 0; i < path.Count; i++)
        {
            path.segments[i] = QueryParameters.Decode(path[i], plusIsBlank: false) ?? path[i];
        }

        return path;
    }

    /// <param name="decoded">The decoded path; empty, or with a leading slash.</param>
    public static RequestPath OfDecoded(string decoded) => new(decoded.Length == 0 ? ArraySegment<string>.Empty : new ArraySegment<string>(decoded.Split('/'))[1..]);

    /// <returns>The part after the prefix; null if the path does not begin with it.</returns>
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

    /// <returns>The path without trailing slashes; null if it has none, or consists only of them.</returns>
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
