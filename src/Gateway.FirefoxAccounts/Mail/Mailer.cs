using System.Threading.Channels;
using Lockstep.Gateway.Accounts;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Lockstep.Gateway.FirefoxAccounts.Mail;

/// <summary>
/// Sends mails one after the other, apart from the requests that ask for them, so that no answer waits for the mail server. A mail that fails is logged and
/// not sent again: users who wait for a code can ask for another one. Mails that do not fit into the queue are dropped.
/// </summary>
internal sealed partial class Mailer(FirefoxAccountOptions options, ILogger<Mailer> logger) : BackgroundService, IAccountMail
{
    private const int MaxWaiting = 1000;
    private const int TimeoutMilliseconds = 30_000;

    private readonly Channel<Func<CancellationToken, ValueTask<(string To, MailText Text)?>>> waiting =
        Channel.CreateBounded<Func<CancellationToken, ValueTask<(string To, MailText Text)?>>>(new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    bool IAccountMail.IsOn => options.Smtp.IsOn;

    void IAccountMail.TrySend(string to, string subject, string body) => TrySend(to, new MailText(subject, body));

    /// <summary>Puts a mail into the queue. Does nothing if no mails are sent.</summary>
    public void TrySend(string to, MailText text) => TrySend(_ => new((to, text)));

    /// <summary>Like <see cref="TrySend(string, MailText)"/>, for a mail that is made when its turn comes.</summary>
    /// <param name="make">Makes the mail; null for none.</param>
    public void TrySend(Func<CancellationToken, ValueTask<(string To, MailText Text)?>> make)
    {
        if (options.Smtp.IsOn)
        {
            waiting.Writer.TryWrite(make);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Smtp.IsOn)
        {
            return;
        }

        try
        {
            await foreach (var make in waiting.Reader.ReadAllAsync(stoppingToken))
            {
                try
                {
                    if (await make(stoppingToken) is var (to, text))
                    {
                        await SendAsync(to, text, stoppingToken);
                    }
                }
                catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
                {
                    LogFailed(e.GetType().Name);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async Task SendAsync(string to, MailText text, CancellationToken cancellationToken)
    {
        var smtp = options.Smtp;
        using var message = new MimeMessage { Subject = text.Subject, Body = new TextPart("plain") { Text = text.Body } };
        message.From.Add(MailboxAddress.Parse(smtp.From!));
        message.To.Add(new MailboxAddress(null, to));
        message.Headers.Add("Auto-Submitted", "auto-generated");
        using var client = new SmtpClient { Timeout = TimeoutMilliseconds };
        var security = smtp.Security switch
        {
            "tls" => SecureSocketOptions.SslOnConnect,
            "none" => SecureSocketOptions.None,
            _ => SecureSocketOptions.StartTls,
        };
        await client.ConnectAsync(smtp.Host!, smtp.Port, security, cancellationToken);
        if (smtp.User is { Length: > 0 } user)
        {
            await client.AuthenticateAsync(user, smtp.Password ?? "", cancellationToken);
        }

        await client.SendAsync(message, cancellationToken);
        await client.DisconnectAsync(quit: true, cancellationToken);
    }

    [LoggerMessage(72, LogLevel.Warning, "A mail did not leave ({Reason}). Check FirefoxAccounts:Smtp and the mail server; whoever waits for a code can ask for another one.")]
    private partial void LogFailed(string reason);
}
