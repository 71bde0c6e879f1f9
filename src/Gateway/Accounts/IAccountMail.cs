namespace Lockstep.Gateway.Accounts;

/// <summary>Sends mails to account holders through the configured mail server. Protocols that do not know each other share it.</summary>
public interface IAccountMail
{
    /// <summary>Whether mails are sent at all.</summary>
    bool IsOn { get; }

    /// <summary>Puts a mail into the queue and does not wait. Does nothing where no mails are sent.</summary>
    /// <param name="to">The address.</param>
    /// <param name="subject">One line.</param>
    /// <param name="body">Plain text.</param>
    void TrySend(string to, string subject, string body);
}
