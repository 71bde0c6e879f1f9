namespace Lockstep.Gateway.Kinto;

/// <summary>Kinto's ids of buckets, collections and records: <c>^[a-zA-Z0-9][a-zA-Z0-9_-]*$</c>.</summary>
public static class KintoIds
{
    /// <param name="id">The id.</param>
    /// <param name="options">The settings, with the maximal length.</param>
    public static bool IsValid(string id, KintoOptions options)
    {
        if (id.Length == 0 || id.Length > options.MaxIdLength || !char.IsAsciiLetterOrDigit(id[0]))
        {
            return false;
        }

        foreach (var c in id)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-'))
            {
                return false;
            }
        }

        return true;
    }
}
