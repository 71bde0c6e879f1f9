namespace Lockstep.Gateway.Kinto.Live;

/// <summary>How one look for changes has ended.</summary>
internal enum Pass
{
    /// <summary>Everything was sent.</summary>
    Done,

    /// <summary>There is more.</summary>
    Again,

    /// <summary>There may be more that cannot be sent yet.</summary>
    Later,

    /// <summary>The stream is over.</summary>
    Ended,
}
